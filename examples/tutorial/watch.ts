// Prints the trades and best prices of the tutorial's market as they come (docs/tutorial.md).
const venue = process.env.VENUE ?? 'http://127.0.0.1:8080';
const socket = new WebSocket(`${venue.replace('http', 'ws')}/stream?streams=coffeeeur@trade/coffeeeur@bookTicker`);
socket.addEventListener('message', ({ data }) => console.log(data));

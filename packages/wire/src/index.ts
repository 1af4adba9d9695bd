/** Codecs of the protocols that exchanges speak, without sockets: see README.md. */
export { FeedFilter, FilterError } from './filter.ts';
export * as fix from './fix.ts';
export { FixSession } from './fix-session.ts';
export * as itch from './itch.ts';
export * from './layout.ts';
export { MessageFileReader } from './message-file.ts';
export * as mold from './mold.ts';
export * as ouch42 from './ouch42.ts';
export * as ouch50 from './ouch50.ts';
export { CaptureReader } from './pcap.ts';
export * as soup from './soup.ts';
export { type ByteSource, memorySource } from './source.ts';

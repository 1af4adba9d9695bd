/** Asks a running venue. Throws, in words, when it does not answer or refuses. */
export async function getJson<T>(url: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    const reason = ((error as Error).cause as Error | undefined)?.message ?? (error as Error).message;
    throw new Error(`${new URL(url).origin} does not answer (${reason}); see --url`);
  }
  const answer = (await response.json()) as T & { msg?: string };
  if (!response.ok) throw new Error(answer.msg ?? `HTTP ${response.status}`);
  return answer;
}

// Asks four times a second until the answer is there; the error says what was waited for and what was seen last.
export async function until(what, seconds, ask) {
  const end = Date.now() + seconds * 1000;
  for (let seen; ;) {
    seen = await ask();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise(done => setTimeout(done, 250));
  }
}

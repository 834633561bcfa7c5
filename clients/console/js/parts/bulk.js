/** The same thing done to many, some at once. */

const AT_ONCE = 4;

/**
 * Do it to each; `progress(done, of)` is told. Answers `{done: [{of, answer}], failed: [{of, error}]}`:
 * one that fails keeps none of the others from it.
 */
export async function toEach(things, act, { progress = () => {}, atOnce = AT_ONCE } = {}) {
  const waiting = [...things];
  const number = waiting.length;
  const done = [];
  const failed = [];
  async function work() {
    while (waiting.length) {
      const of = waiting.shift();
      try {
        done.push({ of, answer: await act(of) });
      } catch (error) {
        failed.push({ of, error });
      }
      progress(done.length + failed.length, number);
    }
  }
  progress(0, number);
  await Promise.all(Array.from({ length: atOnce }, work));
  return { done, failed };
}

/** Why some failed, in a sentence: the first reason, for most share it. */
export function reasons(failed) {
  const said = [...new Set(failed.map(({ error }) => error.message))];
  return said.length > 1 ? `${said[0]} And other reasons.` : said[0];
}

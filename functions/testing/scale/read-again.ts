import { workerData } from 'node:worker_threads'

/** Reads the whole answer, again and again, in a thread of its own: whoever measures meanwhile must not wait for it. */
for (;;) {
  const { body, ok, status, url } = await fetch(workerData as string)
  if (!ok) throw new Error(`${url}: ${status}`)
  for await (const _ of body ?? []);
}

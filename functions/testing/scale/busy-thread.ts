import { setPriority } from 'node:os'
import { workerData } from 'node:worker_threads'

/** What a thread does again and again; without a URL, it only computes. */
export type Busy = { url: string | undefined }

const { url } = workerData as Busy

// Clients are on other machines: they must not take the time of a core that the log, or whoever measures, could use.
// On Linux, this concerns the thread alone.
setPriority(0, 10)

if (url === undefined) for (;;);
for (;;) {
  const response = await fetch(url, { headers: { 'accept-encoding': 'identity' } })
  // a count that is too broad has read as long as it may
  if (!response.ok && !(await response.text()).includes('problem:too-broad'))
    throw new Error(`${url}: ${response.status}`)
  if (!response.bodyUsed) for await (const _ of response.body ?? []);
}

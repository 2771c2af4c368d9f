/**
 * Clients of Kafka go to the addresses that brokers name in their answers. So that they come to a proxy instead, the port
 * behind the host's name is replaced in each answer; host and proxy are the same machine, and every length stays.
 */
export type PortsOf = { host: string; ports: ReadonlyMap<number, number> }

const lengthBytes = 4

/** Takes what a broker sends, in whatever pieces, and gives whole answers. */
export function rewriteAddresses({ host, ports }: PortsOf): (chunk: Buffer) => Buffer {
  const address = addressOf(host)
  let kept: Buffer = Buffer.alloc(0)
  return (chunk) => {
    kept = kept.byteLength === 0 ? chunk : Buffer.concat([kept, chunk])
    let end = 0
    while (kept.byteLength >= end + lengthBytes) {
      const next = end + lengthBytes + kept.readUInt32BE(end)
      if (next > kept.byteLength) break
      end = next
    }
    const whole = Buffer.from(kept.subarray(0, end))
    kept = kept.subarray(end)
    replacePorts(whole)
    return whole
  }

  function replacePorts(answer: Buffer) {
    for (let at = answer.indexOf(address); at !== -1; at = answer.indexOf(address, at + 1)) {
      const place = at + address.byteLength
      if (place + 4 > answer.byteLength) return
      const port = ports.get(answer.readUInt32BE(place))
      if (port !== undefined) answer.writeUInt32BE(port, place)
    }
  }
}

/** A string as Kafka writes it: two bytes of length, then UTF-8. */
function addressOf(host: string): Buffer {
  const text = Buffer.from(host)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(text.byteLength)
  return Buffer.concat([length, text])
}

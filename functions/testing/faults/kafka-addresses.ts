/**
 * Kafka clients connect to the addresses that brokers name in their answers. To lead them through a proxy, the port
 * after the host's name is replaced in each answer. Host and proxy are the same machine, and every length stays the
 * same.
 */
export type PortsOf = { host: string; ports: ReadonlyMap<number, number> }

const lengthBytes = 4

/** Takes the bytes of a broker in pieces of any size, and returns whole answers. */
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

/** A string as Kafka writes it: a length of two bytes, then UTF-8. */
function addressOf(host: string): Buffer {
  const text = Buffer.from(host)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(text.byteLength)
  return Buffer.concat([length, text])
}

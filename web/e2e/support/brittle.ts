import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server that can be cut while bytes are on it, and be mended. */
export interface Brittle {
  url: string
  /** Cuts every connection as soon as one has carried this many bytes towards the server, and takes no new ones. */
  cutAfter(bytes: number): void
  /** Resolves when it was cut. */
  readonly cut: Promise<void>
  /** Takes connections again. */
  mend(): void
  close(): void
}

/** Puts such a way before the server at `url`. */
export async function brittle(url: string): Promise<Brittle> {
  const { hostname, port } = new URL(url)
  const open = new Set<Socket>()
  let limit = Number.POSITIVE_INFINITY
  let broken = false
  let tell: () => void = () => undefined
  const cut = new Promise<void>(resolve => {
    tell = resolve
  })
  const breakAll = () => {
    broken = true
    limit = Number.POSITIVE_INFINITY
    for (const socket of open) socket.destroy()
    tell()
  }
  const proxy = createServer(client => {
    if (broken) {
      client.destroy()
      return
    }
    const server = connect(Number(port), hostname)
    let carried = 0
    client.on('data', chunk => {
      carried += chunk.length
      if (carried > limit) breakAll()
      else if (!server.write(chunk)) {
        client.pause()
        server.once('drain', () => client.resume())
      }
    })
    server.pipe(client)
    for (const socket of [client, server]) {
      open.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        open.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const isAddress = (address: AddressInfo | string | null): address is AddressInfo =>
    typeof address === 'object' && address !== null
  const address = proxy.address()
  if (!isAddress(address)) throw new Error('the proxy has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    cutAfter: bytes => {
      limit = bytes
    },
    cut,
    mend: () => {
      broken = false
    },
    close: () => {
      breakAll()
      proxy.close()
    },
  }
}

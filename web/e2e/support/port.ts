import { createServer } from 'node:net'

/** Below the ports that Linux gives to whoever asks for any (from 32768): nobody takes one between its choice and its use. */
const FIRST = 12_000
const COUNT = 20_000
/** No port is given twice before all others were. */
let next = Math.floor(Math.random() * COUNT)

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + (next++ % COUNT)
    if (await isFree(port)) return port
  }
  throw new Error(`every port from ${FIRST} to ${FIRST + COUNT} is taken`)
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise(resolve => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

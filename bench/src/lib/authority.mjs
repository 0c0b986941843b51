// Certificates for what is measured: an authority by openssl, and Pebble, which issues by ACME.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { freePort, fresh, launch, stop } from './servers.mjs'
import { pause } from './stats.mjs'

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

// A certificate for 127.0.0.1, and the root that vouches for it.
export function selfMade() {
  const folder = fresh('authority')
  mkdirSync(folder, { recursive: true })
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  writeFileSync(join(folder, 'ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  openssl('req', '-x509', ...KEY, '-days', '2', '-subj', '/CN=bench', '-keyout', 'ca.key', '-out', 'ca.pem')
  openssl('req', ...KEY, '-subj', '/CN=localhost', '-keyout', 'own.key', '-out', 'own.csr')
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'ext']
  openssl('x509', '-req', '-in', 'own.csr', ...signing, '-out', 'own.pem')
  return { root: join(folder, 'ca.pem'), certificate: join(folder, 'own.pem'), key: join(folder, 'own.key') }
}

// Pebble, which looks for challenges at `tlsPort` and takes every name to be 127.0.0.1.
export async function pebble(tlsPort) {
  const own = selfMade()
  const [port, management, dns, dnsManagement] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const config = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: own.certificate,
    privateKey: own.key,
    httpPort: 1,
    tlsPort,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
  }
  const file = join(fresh('pebble'), 'config.json')
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, JSON.stringify({ pebble: config }))
  const unused = ['-http01=', '-https01=', '-tlsalpn01=', '-defaultIPv6=']
  const names = launch('challtestsrv', 'pebble-challtestsrv', [
    `-management=127.0.0.1:${dnsManagement}`,
    `-dns01=127.0.0.1:${dns}`,
    '-defaultIPv4=127.0.0.1',
    ...unused,
  ])
  const env = { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' }
  const server = launch('pebble', 'pebble', ['-config', file, '-strict=false', `-dnsserver=127.0.0.1:${dns}`], { env })
  const directory = `https://127.0.0.1:${port}/dir`
  for (const end = Date.now() + 30_000; !answers(own.root, directory); await pause(50)) {
    if (Date.now() > end) throw new Error(`Pebble did not start; see ${server.log}`)
  }
  return { directory, root: own.root, stop: () => Promise.all([stop(server), stop(names)]) }
}

// Whether curl, trusting `root`, is answered. `extra` are more of its arguments.
export function answers(root, url, extra = []) {
  try {
    execFileSync('curl', ['-sf', '-o', '/dev/null', '--max-time', '5', ...(root ? ['--cacert', root] : ['-k']), ...extra, url])
    return true
  } catch {
    return false
  }
}

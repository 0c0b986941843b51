// HTTPS: what it adds to a hot request, beside nginx with the same cipher; and the time from nothing to a certificate.
import { execFileSync } from 'node:child_process'

import { answers, pebble, selfMade } from '../lib/authority.mjs'
import { added, SERVER_CORE, SHORTENED } from '../lib/load.mjs'
import { freePort, fresh, nginx, tintype } from '../lib/servers.mjs'
import { median, pause } from '../lib/stats.mjs'
import { nginxHeaders, prepare } from './serving.mjs'

const MORE_MAX = 1.25
const SECONDS_MAX = 10

// What a client of wrk's make agrees on with a server.
function agreed(address) {
  const { host } = new URL(address)
  const text = execFileSync('sh', ['-c', `openssl s_client -connect ${host} -brief </dev/null 2>&1`], { encoding: 'utf8' })
  return text.match(/Ciphersuite: (\S+)/)[1]
}

export async function tls(note) {
  const own = selfMade()
  const port = await freePort()
  const env = {
    TOKIO_WORKER_THREADS: '1',
    TINTYPE_TLS_LISTEN: `127.0.0.1:${port}`,
    TINTYPE_TLS_CERTIFICATE: own.certificate,
    TINTYPE_TLS_KEY: own.key,
  }
  const ours = await tintype(fresh('data-tls'), { cores: SERVER_CORE, env })
  const { folder, headers, files } = await prepare(ours)
  const theirs = await nginx(folder, nginxHeaders(headers), { cores: SERVER_CORE, tls: own })
  const secure = `https://127.0.0.1:${port}/`
  const suites = [agreed(secure), agreed(theirs.secureAddress)]
  if (suites[0] !== suites[1]) throw new Error(`the ciphers differ: ${suites.join(' and ')}`)
  const file = files.find(({ label }) => label === '100 KB')
  const at = base => new URL(`/i/${file.name}`, base).href
  const found = added(
    { pid: ours.pid, plain: at(ours.address), secure: at(secure) },
    { pid: theirs.worker, plain: at(theirs.address), secure: at(theirs.secureAddress) },
  )
  const row = {
    what: `what HTTPS adds to a hot original of 100 KB, CPU a request (${suites[0]})${SHORTENED}`,
    ours: found.ours,
    peer: `nginx ${found.theirs}`,
    ratio: found.ratio.toFixed(2),
    target: `at most ${MORE_MAX}`,
    met: found.ratio <= MORE_MAX,
  }
  note(row)
  await Promise.all([ours.stop(), theirs.stop()])
  return [row]
}

export async function certificate(note) {
  const port = await freePort()
  const authority = await pebble(port)
  const seconds = []
  for (let round = 0; round < 3; round += 1) {
    const begun = performance.now()
    const env = {
      TINTYPE_TLS_LISTEN: `127.0.0.1:${port}`,
      TINTYPE_TLS_HTTP_LISTEN: 'off',
      TINTYPE_TLS_DOMAINS: 'images.example.test',
      TINTYPE_TLS_ACME_DIRECTORY: authority.directory,
      TINTYPE_TLS_ACME_ROOT: authority.root,
    }
    const server = await tintype(fresh('data-certificate'), { env })
    const resolve = ['--resolve', `images.example.test:${port}:127.0.0.1`]
    while (!answers(undefined, `https://images.example.test:${port}/version`, resolve)) {
      if (performance.now() - begun > 60_000) throw new Error(`no certificate within a minute; see ${server.log}`)
      await pause(20)
    }
    seconds.push((performance.now() - begun) / 1000)
    await server.stop()
  }
  await authority.stop()
  const taken = median(seconds)
  const row = {
    what: 'an empty folder to the first answer over HTTPS, with a certificate of Pebble',
    ours: `${taken.toFixed(1)} s`,
    peer: 'none',
    ratio: '',
    target: `under ${SECONDS_MAX} s`,
    met: taken < SECONDS_MAX,
  }
  note(row)
  return [row]
}

// The uploading side: multipart forms over keep-alive connections, so many at a time.
import { createReadStream, statSync } from 'node:fs'
import { Agent, get, request } from 'node:http'
import { once } from 'node:events'
import { basename } from 'node:path'

const BOUNDARY = 'tintype-bench-6f1f0c2b'

// The bytes and the headers of what stands at an address.
export const fetched = url => new Promise((done, fail) => {
  get(url, response => {
    const pieces = []
    response.on('data', piece => pieces.push(piece)).on('end', () => {
      if (response.statusCode !== 200) fail(new Error(`${url} was answered with ${response.statusCode}`))
      else done({ bytes: Buffer.concat(pieces), headers: response.headers })
    })
  }).on('error', fail)
})

export class Client {
  constructor(address, connections) {
    this.address = new URL(address)
    this.agent = new Agent({ keepAlive: true, maxSockets: connections })
    this.connections = connections
    this.headers = {}
  }

  // Sends one picture, from memory ({ name, bytes, type }) or from a file (a path), and answers the JSON of the reply.
  async upload(path, picture) {
    const [name, length] = typeof picture === 'string'
      ? [basename(picture), statSync(picture).size]
      : [picture.name, picture.bytes.length]
    const type = name.endsWith('.jpg') ? 'image/jpeg' : `image/${name.split('.').at(-1)}`
    const head = Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`)
    const tail = Buffer.from(`\r\n--${BOUNDARY}--\r\n`)
    const sending = request(new URL(path, this.address), {
      method: 'POST',
      agent: this.agent,
      headers: {
        ...this.headers,
        'Content-Type': `multipart/form-data; boundary=${BOUNDARY}`,
        'Content-Length': head.length + length + tail.length,
      },
    })
    const answered = once(sending, 'response')
    answered.catch(() => {})
    sending.write(head)
    if (typeof picture === 'string') {
      for await (const piece of createReadStream(picture, { highWaterMark: 256 << 10 })) {
        if (!sending.write(piece)) await once(sending, 'drain')
      }
    } else {
      sending.write(picture.bytes)
    }
    sending.end(tail)
    const [response] = await answered
    let text = ''
    for await (const piece of response.setEncoding('utf8')) text += piece
    if (response.statusCode !== 201) throw new Error(`${name} was answered with ${response.statusCode}: ${text}`)
    // As a browser does, so that all uploads belong to one owner.
    const cookie = response.headers['set-cookie']?.[0]
    if (cookie) this.headers.Cookie = cookie.split(';')[0]
    return JSON.parse(text)
  }

  // Sends all, as many at a time as there are connections; the replies in the order of the pictures.
  async uploadAll(path, pictures) {
    const replies = []
    let next = 0
    const sender = async () => {
      while (next < pictures.length) {
        const index = next
        next += 1
        replies[index] = await this.upload(path, pictures[index])
      }
    }
    await Promise.all(Array.from({ length: this.connections }, sender))
    return replies
  }

  close() {
    this.agent.destroy()
  }
}

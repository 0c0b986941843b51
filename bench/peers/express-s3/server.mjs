// Express with multer's memory storage and the AWS SDK, as tutorials build an image host: the file is held in memory, goes
// into a bucket, and nobody has looked at what it is. Credentials come from the environment, as the SDK reads them.
import { randomUUID } from 'node:crypto'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import express from 'express'
import multer from 'multer'

const [endpoint, bucket] = process.argv.slice(2)
// SeaweedFS has buckets in the path; the rest is the SDK's default.
const s3 = new S3Client({ region: 'auto', endpoint, forcePathStyle: true })
const app = express()
app.disable('x-powered-by')
const upload = multer({ storage: multer.memoryStorage(), limits: { fileSize: 10 * 1024 * 1024 } })

app.post('/upload', upload.single('file'), async (request, response) => {
  const id = randomUUID().replaceAll('-', '')
  await s3.send(new PutObjectCommand({
    Bucket: bucket,
    Key: id,
    Body: request.file.buffer,
    ContentType: request.file.mimetype,
    Metadata: { originalname: request.file.originalname },
  }))
  response.status(201).json({ id })
})

const server = app.listen(0, '127.0.0.1', () => {
  console.log(`ready http://127.0.0.1:${server.address().port}/`)
})
// Node hangs up after five seconds without a request, which is less than a round of the others takes.
server.keepAliveTimeout = 120_000

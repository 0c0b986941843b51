// Express with multer's disk storage, as in their documentation: the file lies in a folder, not synced, when the reply
// goes out, and nobody has looked at what it is.
import express from 'express'
import multer from 'multer'

const folder = process.argv[2]
const app = express()
app.disable('x-powered-by')
const upload = multer({ dest: folder, limits: { fileSize: 100_000_000 } })

app.post('/upload', upload.single('file'), (request, response) => {
  response.status(201).json({ name: request.file.filename, bytes: request.file.size })
})

const server = app.listen(0, '127.0.0.1', () => {
  console.log(`ready http://127.0.0.1:${server.address().port}/`)
})
// Node hangs up after five seconds without a request, which is less than a round of the others takes.
server.keepAliveTimeout = 120_000

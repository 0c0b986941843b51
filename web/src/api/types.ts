import type { paths } from './schema'

/** The body of an answer, whatever the schema calls its shape. */
type Answer<Operation, Status extends number> = Operation extends {
  responses: { [status in Status]: { content: { 'application/json': infer Body } } }
}
  ? Body
  : never

export type Config = Answer<paths['/api/v1/config']['get'], 200>
export type ImageList = Answer<paths['/api/v1/images']['get'], 200>
export type Image = ImageList['images'][number]
export type DirectBegun = Answer<paths['/uploads/init']['post'], 200>

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether files go straight to the object storage. */
export function goesDirect({ upload }: Config): boolean {
  return upload.direct
}

/** Replies that do not come through the typed client (an upload's, the page's own settings) are looked at before use. */
export function isImage(value: unknown): value is Image {
  return (
    isRecord(value) &&
    typeof value.id === 'string' &&
    isRecord(value.links) &&
    typeof value.links.image === 'string' &&
    typeof value.links.page === 'string' &&
    typeof value.links.thumb === 'string' &&
    isRecord(value.embed)
  )
}

export function isConfig(value: unknown): value is Config {
  return (
    isRecord(value) &&
    isRecord(value.image_limits) &&
    isRecord(value.upload) &&
    Array.isArray(value.upload.accepted) &&
    'bytes_max' in value.upload &&
    (value.store === 'folder' || value.store === 's3')
  )
}

export function isDirectBegun(value: unknown): value is DirectBegun {
  return (
    isRecord(value) &&
    typeof value.uploadId === 'string' &&
    typeof value.uploadURL === 'string' &&
    isRecord(value.headers) &&
    Object.values(value.headers).every(header => typeof header === 'string')
  )
}

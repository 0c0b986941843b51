import createClient from 'openapi-fetch'
import { messages } from '../lib/messages'
import { paths as addresses, root } from '../lib/paths'
import type { Order } from '../lib/preferences'
import { type Problem, parseJson, readProblem } from './problem'
import type { paths } from './schema'
import { type Config, type Image, type ImageList, isConfig } from './types'

const client = createClient<paths>({ baseUrl: root })

/** A refusal that came through the typed client, or an answer that never came. */
export class ApiError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem
  return { status: 0, code: 'no_answer', detail: messages.problem.noAnswer, requestId: null }
}

function refuse(response: Response, body: unknown): never {
  throw new ApiError(readProblem(response.status, body, messages.problem.status(response.status)))
}

export async function listImages(
  order: Order,
  cursor: string | null,
  limit: number,
  signal?: AbortSignal,
): Promise<ImageList> {
  const query = cursor === null ? { order, limit } : { order, limit, cursor }
  const { data, error, response } = await client.GET(addresses.api.images, {
    params: { query },
    ...(signal ? { signal } : {}),
  })
  return data ?? refuse(response, error)
}

/** Sent to the end even if the page is left meanwhile, like `restoreImage`. */
export async function deleteImage(id: string): Promise<void> {
  const { error, response } = await client.DELETE(addresses.api.image, { params: { path: { id } }, keepalive: true })
  if (!response.ok) refuse(response, error)
}

export async function restoreImage(id: string): Promise<Image> {
  const { data, error, response } = await client.POST(addresses.api.restore, {
    params: { path: { id } },
    keepalive: true,
  })
  return data ?? refuse(response, error)
}

/** The server writes its settings into the page; where it did not (a development server), they are asked for. */
export async function loadConfig(): Promise<Config> {
  const written = parseJson(document.getElementById('config')?.textContent ?? '')
  if (isConfig(written)) return written
  const { data, response } = await client.GET(addresses.api.config)
  return data ?? refuse(response, null)
}

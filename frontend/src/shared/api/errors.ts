/** What went wrong with a request, in one shape for every cause. */
export class ApiError extends Error {
  constructor(
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    /** Stable word for programs: `lot_full`, `spot_taken`, `offline`, `timeout`, … */
    readonly code: string,
    message: string,
    readonly fields: Record<string, string[]> = {},
    readonly requestId: string | null = null,
    readonly retryAfterSeconds: number | null = null,
    /** The whole problem document, for members of single codes (alternatives, next_spot, …). */
    readonly body: Record<string, unknown> = {},
  ) {
    super(message)
    this.name = 'ApiError'
  }

  /** No answer came: the network, not the request, is at fault. */
  get isOffline(): boolean {
    return this.status === 0
  }
}

interface ProblemDocument {
  detail?: string
  message?: string
  title?: string
  code?: string
  errors?: Record<string, string[]>
  request_id?: string
}

function isProblem(data: unknown): data is ProblemDocument {
  return typeof data === 'object' && data !== null
}

/** Builds the error from an answer's status, body and headers. */
export function errorFromAnswer(
  status: number,
  data: unknown,
  header: (name: string) => string | null,
): ApiError {
  const problem: ProblemDocument = isProblem(data) ? data : {}
  const retryAfter = Number(header('retry-after'))
  return new ApiError(
    status,
    problem.code ?? `http_${status}`,
    problem.detail ?? problem.message ?? problem.title ?? '',
    problem.errors ?? {},
    problem.request_id ?? header('x-request-id'),
    Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : null,
    isProblem(data) ? (data as Record<string, unknown>) : {},
  )
}

/** Any thrown value as an ApiError, so that screens know one kind only. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new ApiError(-1, 'unexpected', message)
}

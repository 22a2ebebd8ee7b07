import { useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { watch } from 'vue'
import { csvFormat } from '@/shared/format/csvFormat'
import type { ExportJob } from '@/shared/api/types'
import { useIdempotencyKey } from '@/shared/api/useIdempotencyKey'
import { exportsApi } from '@/features/exports/api'
import { isUnderWay } from './progress'

const BUSY_MS = 1000
const IDLE_MS = 15_000
const KEY = ['admin', 'exports']

/** One's exports; `ended` hears of each that ends while one looks on. */
export function useExports(ended: (job: ExportJob) => void) {
  const client = useQueryClient()
  const idempotency = useIdempotencyKey()
  const changed = () => client.invalidateQueries({ queryKey: KEY })
  const jobs = useQuery({
    queryKey: KEY,
    queryFn: exportsApi.list,
    refetchInterval: ({ state }) => (state.data?.some(isUnderWay) ? BUSY_MS : IDLE_MS),
  })
  watch(jobs.data, (now, before) => {
    const busy = new Set(before?.filter(isUnderWay).map((job) => job.id))
    now?.filter((job) => busy.has(job.id) && !isUnderWay(job)).forEach(ended)
  })

  const start = useMutation({
    mutationFn: (kind: ExportJob['kind']) => {
      const format = csvFormat.value
      return exportsApi.start(kind, {}, format, idempotency.keyFor(`${kind} ${format}`))
    },
    onSuccess: async () => {
      idempotency.fulfilled()
      await changed()
    },
  })
  const cancel = useMutation({
    mutationFn: (job: ExportJob) => exportsApi.cancel(job.id),
    onSettled: changed,
  })
  const save = useMutation({ mutationFn: exportsApi.save })
  return { jobs, start, cancel, save }
}

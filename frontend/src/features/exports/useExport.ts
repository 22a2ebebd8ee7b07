import { useMutation, useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, ref } from 'vue'
import { csvFormat, type CsvFormat } from '@/shared/format/csvFormat'
import type { ExportJob } from '@/shared/api/types'
import { useIdempotencyKey } from '@/shared/api/useIdempotencyKey'
import { exportsApi } from './api'

const isOver = (job: ExportJob) => !['queued', 'running'].includes(job.state)

/** One export from asking to having the file: start, watch, cancel, save. */
export function useExport(kind: ExportJob['kind']) {
  const client = useQueryClient()
  const idempotency = useIdempotencyKey()
  const id = ref<ExportJob['id'] | null>(null)

  const job = useQuery({
    queryKey: computed(() => ['export', id.value]),
    queryFn: () => exportsApi.one(id.value!),
    enabled: computed(() => id.value !== null),
    refetchInterval: ({ state }) => (state.data && isOver(state.data) ? false : 1000),
  })
  const start = useMutation({
    mutationFn: (request: { filters: object; format: CsvFormat }) =>
      exportsApi.start(kind, request.filters, request.format, idempotency.keyFor(request)),
    onSuccess: (created, { format }) => {
      idempotency.fulfilled()
      // Another format was chosen while this answer was on its way.
      if (format !== csvFormat.value) return void cancel.mutate(created.id)
      client.setQueryData(['export', created.id], created)
      id.value = created.id
    },
  })
  const cancel = useMutation({
    mutationFn: exportsApi.cancel,
    onSettled: () => id.value !== null && job.refetch(),
  })
  const save = useMutation({ mutationFn: exportsApi.save })
  /** Turns to one that was asked for before; to none, when null. */
  const turnTo = (jobId: ExportJob['id'] | null) => (id.value = jobId)
  return { job, start, cancel, save, turnTo }
}

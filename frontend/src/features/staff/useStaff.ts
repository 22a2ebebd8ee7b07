import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { staffApi, type StaffMember } from './api'

/** Who works at a lot; `changed` takes over the list that a change answers with. */
export function useStaff(lotId: number) {
  const client = useQueryClient()
  const queryKey = ['staff', lotId]
  const query = useQuery({ queryKey, queryFn: () => staffApi.list(lotId) })
  return { query, changed: (staff: StaffMember[]) => client.setQueryData(queryKey, staff) }
}

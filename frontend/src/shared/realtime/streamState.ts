import { ref } from 'vue'

export type StreamState = 'off' | 'live' | 'connecting' | 'polling'

export const streamState = ref<StreamState>('off')
/** When data last came from the server, by whichever way. */
export const updatedAt = ref<Date | null>(null)

import { ref } from 'vue'

/** Whether the administrator's keyboard shortcuts are on the screen. */
export const showingKeys = ref(false)
/** Whether the administrator's search is on the screen. */
export const searching = ref(false)

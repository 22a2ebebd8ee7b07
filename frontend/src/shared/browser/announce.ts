import { ref } from 'vue'

/** Text for the page's one polite live region (src/app/App.vue). */
export const announcement = ref('')

let batch: string[] = []
let timer: ReturnType<typeof setTimeout> | null = null

/** Says something at once; for the result of what the user just did. */
export function announce(text: string): void {
  announcement.value = ''
  // A region only speaks when its text changes.
  setTimeout(() => (announcement.value = text), 50)
}

/** Says what changed by itself, at most once in ten seconds. */
export function announceSoon(text: string): void {
  batch.push(text)
  timer ??= setTimeout(() => {
    announce([...new Set(batch)].join('. '))
    batch = []
    timer = null
  }, 10_000)
}

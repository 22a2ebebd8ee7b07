// Runs before the first paint, so that nobody sees the wrong theme flash by.
;(function () {
  var wanted = null
  try {
    wanted = localStorage.getItem('pw-theme')
  } catch {
    // storage is closed to us: follow the system
  }
  var dark =
    wanted === 'dark' || (wanted !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.bsTheme = dark ? 'dark' : 'light'
})()

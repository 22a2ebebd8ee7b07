// Runs before the first paint, so that nobody sees the wrong theme, language or page flash by.
;(function () {
  var stored = function (key) {
    try {
      return localStorage.getItem(key)
    } catch {
      return null // storage is closed to us: follow the browser
    }
  }
  var root = document.documentElement
  var theme = stored('pw-theme')
  var dark =
    theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  root.dataset.bsTheme = dark ? 'dark' : 'light'
  var languages = [stored('pw-locale')].concat(navigator.languages || []).map(function (tag) {
    return String(tag).split('-')[0]
  })
  root.lang = languages.find((tag) => tag === 'en' || tag === 'de') || 'en'
  // Signed out at `/` is the landing page; elsewhere it is not known yet what will be shown.
  root.dataset.first = location.pathname === '/' && !stored('pw-returning') ? 'landing' : 'page'
})()

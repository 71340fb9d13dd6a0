// Before the first paint: what this browser's user chose, else what the system says.
{
  const chosen = localStorage.getItem('cvops-theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
}

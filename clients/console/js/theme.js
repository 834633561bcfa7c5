// Not a module: it runs before the first paint, so that nothing flashes in the wrong colours.
{
  const theme = localStorage.getItem("mammothbox.theme");
  if (theme) document.documentElement.dataset.theme = theme;
}

namespace CvOps.Agent.Update.Fetch;

/// <summary>The server no longer lets this device in by the address it has. A fresh one may be on its way.</summary>
internal sealed class LinkOverException(string sentence) : UpdateRefusedException(sentence);

namespace CvOps.Agent.Update;

/// <summary>An update ends here and for a reason a person can read. Not for bugs.</summary>
internal class UpdateRefusedException(string sentence) : Exception(sentence);

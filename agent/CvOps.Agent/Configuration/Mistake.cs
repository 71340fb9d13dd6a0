namespace CvOps.Agent.Configuration;

/// <summary>One thing wrong with the configuration file.</summary>
/// <param name="Line">From 1; 0 when the file as a whole is meant.</param>
/// <param name="Key">Where: <c>cameras[1].url</c>; "" for the file.</param>
/// <param name="Problem">What is wrong and what to do, one sentence.</param>
internal sealed record Mistake(int Line, string Key, string Problem)
{
    public override string ToString() => (Line, Key) switch
    {
        (0, "") => Problem,
        (_, "") => $"line {Line}: {Problem}",
        (0, _) => $"{Key}: {Problem}",
        _ => $"line {Line}, {Key}: {Problem}",
    };
}

/// <summary>Start-up cannot go on because of something a person has configured. Ends the process with exit code 78.</summary>
internal sealed class ConfigurationException(IReadOnlyList<Mistake> mistakes) : Exception(string.Join(Environment.NewLine, mistakes))
{
    public ConfigurationException(string sentence) : this([new Mistake(0, "", sentence)]) { }

    public IReadOnlyList<Mistake> Mistakes { get; } = mistakes;
}

namespace CvOps.Observability.Export;

/// <summary>Where metrics, traces and logs go, and as whose.</summary>
/// <param name="Endpoint">Root of an OTLP/HTTP receiver, such as <c>http://collector:4318</c>; the paths <c>v1/traces</c> and so on are added.</param>
/// <param name="Service">Name of the program: <c>cvops-agent</c>, <c>cvops-fleet</c>.</param>
/// <param name="Instance">Which one of them: the device, or the fleet's client id.</param>
/// <param name="Attributes">What else is true of it, by the names of OpenTelemetry's conventions.</param>
public sealed record OtlpTarget(Uri Endpoint, string Service, string Version, string Instance, IReadOnlyDictionary<string, object> Attributes)
{
    /// <summary>Between two exports of metrics.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    public Uri Of(string signal) => new($"{Endpoint.ToString().TrimEnd('/')}/v1/{signal}");

    /// <returns>Null when the text is a usable endpoint, else what is wrong with it.</returns>
    public static string? Mistake(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Query.Length == 0
        ? null
        : $"'{text}' is no OTLP/HTTP endpoint; write its root, such as http://collector:4318";
}

using System.ComponentModel.DataAnnotations;
using CvOps.Agent.Link.IotHub;
using CvOps.Contracts.Identity;

namespace CvOps.Agent.Link;

/// <summary>The way to the fleet.</summary>
internal sealed record LinkOptions : IValidatableObject
{
    public const string PlainScheme = "mqtt";
    public const string TlsScheme = "mqtts";

    /// <summary>Addresses of the broker or brokers, <c>mqtts://host:8883</c>, or <c>mqtt://host:1883</c> without TLS; tried in this order, over and over.</summary>
    [MinLength(1, ErrorMessage = "name at least one broker")]
    public IReadOnlyList<string> Brokers { get; init; } = [];

    /// <summary>Azure IoT Hub instead of brokers.</summary>
    public IotHubOptions? Iothub { get; init; }

    /// <summary>Certificate of the authority the broker's certificate must come from (PEM). A hub's is trusted as the system trusts, unless this is named.</summary>
    public string? Ca { get; init; }

    /// <summary>This device's certificate (PEM); its common name is the device id.</summary>
    public string? Certificate { get; init; }

    /// <summary>Its private key (PEM), a file that only this user may read (mode 0600).</summary>
    public string? Key { get; init; }

    /// <summary>The connection is tested when it was silent so long; the fleet hears of a dead device after one and a half of it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:30:00")]
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Longest wait for the broker's answer to a connect or a subscription.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest pause between two attempts to connect.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Messages that may be on their way unacknowledged.</summary>
    [Range(1, 1000)]
    public int Window { get; init; } = 64;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Iothub is not null)
        {
            foreach (var (member, text) in Iothub.Problems(this)) yield return new ValidationResult(text, [member]);
            yield break;
        }
        if (Brokers is { Count: 0 }) yield return new ValidationResult("it is missing; add this key, or iothub", [nameof(Brokers)]);
        foreach (var broker in Brokers ?? [])
        {
            if (Parse(broker) is null)
                yield return new ValidationResult($"'{broker}' is no broker's address; write one such as {TlsScheme}://broker.example:8883", [nameof(Brokers)]);
        }
        if (Brokers?.Any(broker => Parse(broker)?.Scheme == TlsScheme) != true) yield break;
        foreach (var (name, path) in new[] { (nameof(Ca), Ca), (nameof(Certificate), Certificate), (nameof(Key), Key) })
        {
            if (string.IsNullOrEmpty(path)) yield return new ValidationResult($"{TlsScheme}:// needs it; name the file", [name]);
            else if (!File.Exists(path)) yield return new ValidationResult($"the file '{path}' does not exist", [name]);
        }
        if (!string.IsNullOrEmpty(Key) && SecretFile.Problem(Key) is { } problem) yield return new ValidationResult(problem, [nameof(Key)]);
    }

    /// <returns>Null when it is no address of a broker.</returns>
    public static Uri? Parse(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is PlainScheme or TlsScheme && uri.Host.Length > 0 && uri.AbsolutePath is "/" or "" ? uri : null;
}

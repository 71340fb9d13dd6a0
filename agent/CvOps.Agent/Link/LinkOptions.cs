using System.ComponentModel.DataAnnotations;
using CvOps.Agent.Link.IotHub;
using CvOps.Contracts.Identity;

namespace CvOps.Agent.Link;

/// <summary>The way to the fleet.</summary>
internal sealed record LinkOptions : IValidatableObject
{
    public const string PlainScheme = "mqtt";
    public const string TlsScheme = "mqtts";
    public const string WebSocketScheme = "ws";
    public const string SecureWebSocketScheme = "wss";
    public const string Five = "5.0";
    public const string Three = "3.1.1";

    /// <summary>
    /// Addresses of the broker or brokers: <c>mqtts://host:8883</c>, <c>wss://host/mqtt</c> in a web socket, <c>mqtt://</c> or <c>ws://</c> without TLS.
    /// Tried in this order; after a connection was lost the first is tried first again.
    /// </summary>
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

    /// <summary>Version of MQTT. With 3.1.1 a broker can't say why it takes no message, and messages have no properties.</summary>
    [AllowedValues(Five, Three, ErrorMessage = "write 5.0 or 3.1.1")]
    public string Protocol { get; init; } = Five;

    /// <summary>For a broker that wants a user name and password beside or instead of a certificate.</summary>
    public string? User { get; init; }

    /// <summary>Holds the password on its first line; a file that only this user may read (mode 0600).</summary>
    public string? PasswordFile { get; init; }

    /// <summary>Do commands without the fleet's signature, too: of a fleet whose certificate another authority issued. Who may command is the broker's word alone then.</summary>
    public bool UnsignedCommands { get; init; }

    /// <summary>The connection is tested when it was silent so long; the fleet hears of a dead device after one and a half of it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:30:00")]
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Longest wait for the broker's answer to a connect or a subscription.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest pause between two attempts to connect.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Longest time from a broker's acknowledgement to its disk: mosquitto's <c>autosave_interval</c>, 5 s as CvOps configures it, and some. So much is kept
    /// after it was acknowledged, and sent again when the connection is lost. Zero for a broker that saves before it acknowledges.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan DurableAfter { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Messages that may be on their way unacknowledged.</summary>
    [Range(1, 1000)]
    public int Window { get; init; } = 64;

    /// <summary>CloudEvents 1.0 attributes beside each message, as MQTT 5 user properties: whoever routes by them need not open the payload.</summary>
    public bool CloudEvents { get; init; } = true;

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
        if (PasswordFile is not null && User is null) yield return new ValidationResult("a password needs a user", [nameof(User)]);
        if (PasswordFile is not null && !File.Exists(PasswordFile)) yield return new ValidationResult($"the file '{PasswordFile}' does not exist", [nameof(PasswordFile)]);
        if (PasswordFile is not null && SecretFile.Problem(PasswordFile) is { } open) yield return new ValidationResult(open, [nameof(PasswordFile)]);
        if (Brokers?.Any(broker => Parse(broker) is { } uri && IsSecure(uri)) != true) yield break;
        foreach (var (name, path) in new[] { (nameof(Ca), Ca), (nameof(Certificate), Certificate), (nameof(Key), Key) })
        {
            if (string.IsNullOrEmpty(path) && name != nameof(Ca) && User is not null && string.IsNullOrEmpty(Certificate) && string.IsNullOrEmpty(Key)) continue;
            if (string.IsNullOrEmpty(path)) yield return new ValidationResult($"TLS ({TlsScheme}://, {SecureWebSocketScheme}://) needs it; name the file", [name]);
            else if (!File.Exists(path)) yield return new ValidationResult($"the file '{path}' does not exist", [name]);
        }
        if (!string.IsNullOrEmpty(Key) && SecretFile.Problem(Key) is { } problem) yield return new ValidationResult(problem, [nameof(Key)]);
    }

    /// <returns>Null when it is no address of a broker.</returns>
    public static Uri? Parse(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Host.Length > 0 && uri.Scheme switch
        {
            PlainScheme or TlsScheme => uri.AbsolutePath is "/" or "",
            WebSocketScheme or SecureWebSocketScheme => true,
            _ => false,
        }
            ? uri
            : null;

    public static bool IsSecure(Uri broker) => broker.Scheme is TlsScheme or SecureWebSocketScheme;
}

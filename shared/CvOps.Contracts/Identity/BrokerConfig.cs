using System.Globalization;
using System.Text;

namespace CvOps.Contracts.Identity;

/// <summary>
/// mosquitto's configuration for a fleet: TLS with a client certificate for everybody, whose common name is the user, and an access list that
/// gives a device exactly its own topics. Writes <c>mosquitto.conf</c> and <c>acl</c>.
/// </summary>
public sealed record BrokerConfig
{
    /// <summary>What the list of revoked certificates is called beside its authority.</summary>
    public const string RevocationFileName = "crl.pem";

    /// <summary>For the two files and the broker's data.</summary>
    public required string Folder { get; init; }

    /// <summary>The authority's certificate.</summary>
    public required string AuthorityFile { get; init; }

    public required IdentityFiles Server { get; init; }

    public int Port { get; init; } = 8883;

    /// <summary>Address to listen on; 0.0.0.0 for all of IPv4.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>
    /// A listener of the fleet's own; null: it shares the devices'. With one, a device's client id is its certificate's name whatever it claims, so that no device can
    /// push another out by its client id; the fleet still can. Devices should not be able to reach it.
    /// </summary>
    public int? FleetPort { get; init; }

    /// <summary>PEM of the revoked certificates; null: none is looked at. mosquitto reads it at its start and on SIGHUP.</summary>
    public string? RevocationList { get; init; }

    /// <summary>A further listener on the loopback without TLS or access control, for a look with mosquitto_sub; null: none.</summary>
    public int? PlainPort { get; init; }

    /// <summary>
    /// User the broker runs as when root starts it; null: mosquitto's own. It has to be able to read the server's key, which has mode 0600.
    /// </summary>
    public string? User { get; init; } = Environment.IsPrivilegedProcess ? "root" : null;

    /// <summary>Messages the broker keeps for a client that is away or slow; beyond, the newest are dropped.</summary>
    public int MaxQueuedMessages { get; init; } = 100_000;

    /// <summary>QoS 1 messages in flight to one client.</summary>
    public int MaxInflightMessages { get; init; } = 200;

    public string ConfigurationFile => Path.Combine(Folder, "mosquitto.conf");

    private string AccessFile => Path.Combine(Folder, "acl");

    /// <returns>The path for <c>mosquitto -c</c>.</returns>
    public string Write()
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(AccessFile, AccessList());
        File.WriteAllText(ConfigurationFile, Configuration());
        return ConfigurationFile;
    }

    public string Configuration()
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"# Written by CvOps; changes are lost at the next start.");
        Line($"per_listener_settings true");
        if (User is not null) Line($"user {User}");
        // Standard output is held back in a buffer until it is full.
        Line($"log_dest stderr");
        Line($"log_timestamp_format %Y-%m-%dT%H:%M:%S");
        Line($"persistence true");
        Line($"persistence_location {Folder.TrimEnd('/')}/");
        Line($"autosave_interval 5");
        Line($"persistent_client_expiration 14d");
        Line($"max_queued_messages {MaxQueuedMessages}");
        Line($"max_inflight_messages {MaxInflightMessages}");
        Line($"max_packet_size {Limits.MessageBytes + Overhead}");
        Listener(Port);
        if (FleetPort is { } own)
        {
            Line($"use_username_as_clientid true");
            Listener(own);
        }
        if (PlainPort is { } plain)
        {
            Line($"listener {plain} 127.0.0.1");
            Line($"allow_anonymous true");
        }
        return text.ToString();

        void Listener(int port)
        {
            Line($"listener {port} {Address}");
            Line($"cafile {AuthorityFile}");
            Line($"certfile {Server.Certificate}");
            Line($"keyfile {Server.Key}");
            if (RevocationList is not null) Line($"crlfile {RevocationList}");
            Line($"require_certificate true");
            Line($"use_identity_as_username true");
            Line($"allow_anonymous false");
            Line($"acl_file {AccessFile}");
        }
    }

    /// <summary>Topic and headers around a payload of the largest size.</summary>
    private const int Overhead = 64 * 1024;

    /// <summary>The fleet may do everything, a reader reads what devices say; a device writes what devices write, and reads what the fleet writes, under its own name alone.</summary>
    public static string AccessList()
    {
        var text = new StringBuilder();
        text.Append("user ").Append(CertificateAuthority.FleetName).Append("\ntopic readwrite cvops/#\n\n");
        text.Append("user ").Append(CertificateAuthority.ReaderName).Append('\n');
        foreach (var rule in TopicCatalog.All.Where(rule => rule.IsForReaders)) text.Append("topic read ").Append(Topics.Root).Append("/+/+/").Append(rule.Filter).Append('\n');
        text.Append("topic read spBv1.0/#\ntopic read homeassistant/#\n\n");
        // %u is the certificate's common name.
        foreach (var rule in TopicCatalog.All.OrderBy(rule => rule.Direction))
            text.Append("pattern ").Append(rule.Direction == TopicDirection.FromDevice ? "write " : "read ").Append(Topics.Root).Append("/+/%u/").Append(rule.Filter).Append('\n');
        foreach (var line in OtherSystems) text.Append("pattern ").Append(line).Append('\n');
        return text.ToString();
    }

    /// <summary>Sparkplug B, where a device is an edge node and its cameras devices, and Home Assistant's discovery: for a device's own name alone, too.</summary>
    private static readonly string[] OtherSystems =
    [
        "write spBv1.0/+/NBIRTH/%u", "write spBv1.0/+/NDATA/%u", "write spBv1.0/+/NDEATH/%u", "write spBv1.0/+/DBIRTH/%u/+", "write spBv1.0/+/DDATA/%u/+",
        "write spBv1.0/+/DDEATH/%u/+", "read spBv1.0/+/NCMD/%u", "write homeassistant/+/%u/+/config", "read homeassistant/status",
    ];
}

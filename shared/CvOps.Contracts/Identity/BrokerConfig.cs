using System.Globalization;

namespace CvOps.Contracts.Identity;

/// <summary>
/// Configuration of mosquitto for a fleet: TLS only, a client certificate a device, and an access list by its common name,
/// so that a device reads and writes under its own topics and nowhere else.
/// </summary>
public sealed record BrokerConfig
{
    /// <summary>Common name of the fleet manager's certificate.</summary>
    public const string FleetName = "fleet";

    public required int Port { get; init; }

    /// <summary>Address to listen on.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>Folder with <c>ca.crt</c>, <c>broker.crt</c> and <c>broker.key</c>.</summary>
    public required string Certificates { get; init; }

    /// <summary>Folder for this configuration and the broker's persistent state.</summary>
    public required string Folder { get; init; }

    /// <summary>Account to run as. A broker started as root drops to <c>mosquitto</c> otherwise, which can't read keys of mode 0600.</summary>
    public string? User { get; init; }

    /// <summary>The access list: <c>%u</c> stands for the common name of the client's certificate.</summary>
    public static string AccessList { get; } = $"""
        user {FleetName}
        topic readwrite cvops/#

        pattern write {Topics.Root}/+/%u/status
        pattern write {Topics.Root}/+/%u/health
        pattern write {Topics.Root}/+/%u/inspection/+
        pattern write {Topics.Root}/+/%u/drift/+
        pattern write {Topics.Root}/+/%u/frame/+/+
        pattern write {Topics.Root}/+/%u/twin/reported
        pattern write {Topics.Root}/+/%u/response/+
        pattern read {Topics.Root}/+/%u/twin/desired
        pattern read {Topics.Root}/+/%u/command/+

        """;

    public string MosquittoConf => string.Create(CultureInfo.InvariantCulture, $"""
        per_listener_settings false
        {(User is null ? "" : $"user {User}")}
        listener {Port} {Address}
        cafile {Certificates}/ca.crt
        certfile {Certificates}/broker.crt
        keyfile {Certificates}/broker.key
        tls_version tlsv1.2
        require_certificate true
        use_identity_as_username true
        allow_anonymous false
        acl_file {Folder}/acl
        persistence true
        persistence_location {Folder}/
        autosave_interval 30
        max_queued_messages 1000000
        max_queued_bytes 1073741824
        max_inflight_messages 200
        message_size_limit {Limits.MessageBytes}
        set_tcp_nodelay true
        log_dest stderr
        log_type error
        log_type warning
        log_type notice
        connection_messages false

        """);

    /// <summary>Writes <c>mosquitto.conf</c> and <c>acl</c> into <see cref="Folder"/>.</summary>
    /// <returns>Path of the configuration, for <c>mosquitto -c</c>.</returns>
    public string Write()
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "acl"), AccessList);
        var path = Path.Combine(Folder, "mosquitto.conf");
        File.WriteAllText(path, MosquittoConf);
        return path;
    }
}

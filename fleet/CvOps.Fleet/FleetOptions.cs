using System.ComponentModel.DataAnnotations;
using CvOps.Fleet.Access.Oidc;
using CvOps.Fleet.Storage.Buckets;

namespace CvOps.Fleet;

/// <summary>The fleet's settings: section <c>Fleet</c> of appsettings.json, environment (<c>Fleet__Data</c>), command line (<c>--data</c>).</summary>
internal sealed class FleetOptions
{
    public const string Section = "Fleet";

    /// <summary>Folder of databases, blobs and keys; made when missing.</summary>
    [Required]
    public string Data { get; set; } = "cvops-data";

    /// <summary>Address the API and the dashboard listen on, http or https; port 0 takes a free one.</summary>
    [Required]
    public string Http { get; set; } = "http://127.0.0.1:8080";

    /// <summary>PEM of the certificate shown there by https, behind it the authorities between it and its root; read again when it changes.</summary>
    public string? HttpCertificate { get; set; }

    /// <summary>PEM of its key.</summary>
    public string? HttpKey { get; set; }

    /// <summary>Folder with a file a setting, named as in the environment (<c>Fleet__Cluster</c>): for secrets that a container or a cluster hands over as files. The environment comes before it.</summary>
    public string? Secrets { get; set; }

    /// <summary>How long a fleet that was told to stop goes on answering, <c>/readyz</c> with 503, so that a balancer sends its requests elsewhere before it listens no more.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan DrainDelay { get; set; }

    /// <summary>The fleet's address as devices see it, for download links; null: where it listens.</summary>
    public string? PublicUrl { get; set; }

    /// <summary><c>mqtts://host:port</c>, or <c>mqtt://</c> for a broker without TLS.</summary>
    [Required]
    public string Broker { get; set; } = "mqtts://127.0.0.1:8883";

    /// <summary>PEM of the authority that signed the broker's certificate.</summary>
    public string? Ca { get; set; }

    /// <summary>PEM of the fleet's client certificate and of its key.</summary>
    public string? Certificate { get; set; }

    public string? Key { get; set; }

    /// <summary>Folder of the authority (ca.pem, ca.key) that lets devices in; null: this fleet enrols nobody.</summary>
    public string? Authority { get; set; }

    /// <summary>Where the list of revoked certificates is written for brokers (PEM); null: crl.pem in the authority's folder.</summary>
    public string? RevocationList { get; set; }

    /// <summary>How long a device's certificate is good; the device renews it when a third is left.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "825.00:00:00")]
    public TimeSpan CertificateLifetime { get; set; } = TimeSpan.FromDays(365);

    /// <summary>The broker's addresses as devices see them, comma between them, given at enrolment; null: <see cref="Broker"/>.</summary>
    public string? PublicBrokers { get; set; }

    /// <summary>mosquitto's log, whose refusals go to the audit log; null: none is followed.</summary>
    public string? BrokerLog { get; set; }

    /// <summary>PEM of the ECDSA key that signs what the fleet trains; null: training runs cannot pack a model.</summary>
    public string? SigningKey { get; set; }

    /// <summary>The trainer's program; null: the one that came with this program.</summary>
    public string? Trainer { get; set; }

    /// <summary>Further trainers by name; <c>head</c> and <c>torch</c> are there without it and can be replaced.</summary>
    public Dictionary<string, TrainerOptions> Trainers { get; set; } = [];

    /// <summary>A trainer that takes longer is stopped; no request gets more.</summary>
    public TimeSpan TrainerTimeLimit { get; set; } = TimeSpan.FromHours(2);

    /// <summary>A trainer that says nothing for so long, on neither of its outputs, hangs and is stopped.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan TrainerSilenceLimit { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Training runs at once; the others wait.</summary>
    [Range(1, 64)]
    public int TrainingRunsAtOnce { get; set; } = 1;

    /// <summary>Folder of *.pem: public keys whose packages are let in.</summary>
    public string? TrustedKeys { get; set; }

    /// <summary>Listen beyond this machine without TLS: passwords and tokens can be read on the way.</summary>
    public bool AllowPlainNetwork { get; set; }

    /// <summary>Every rollout needs a second person, whether its plan asks for one or not.</summary>
    public bool FourEyes { get; set; }

    /// <summary>File with the token that lets the programs of this machine do everything, in any name; made when missing, and only its owner may read it. Null: there is none.</summary>
    public string? LocalToken { get; set; }

    /// <summary>File with the token that lets Prometheus read /metrics and nothing else; made when missing, for its owner and group. Null: metrics need a token of an account.</summary>
    public string? MetricsToken { get; set; }

    /// <summary>Root of an OTLP/HTTP receiver, <c>http://collector:4318</c>: metrics, traces and the log go there. Null: nowhere; /metrics needs none.</summary>
    public string? OtlpEndpoint { get; set; }

    /// <summary>Time between two exports of metrics.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan OtlpInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Of PBKDF2-HMAC-SHA512 for passwords; OWASP's Password Storage Cheat Sheet asks for 210,000. Who signs in after a raise gets a new hash.</summary>
    [Range(10_000, 10_000_000)]
    public int PasswordIterations { get; set; } = 210_000;

    /// <summary>Where people sign in beside the fleet's own accounts; null: nowhere.</summary>
    public OidcOptions? Oidc { get; set; }

    /// <summary>A session of the pages that is not used for this long is over.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan SessionIdle { get; set; } = TimeSpan.FromHours(12);

    /// <summary>A session is over after this long, used or not.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "90.00:00:00")]
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Requests a second of one account with its tokens, over HTTP, in the long run; twenty times as many at once. What the machine's own programs and devices' downloads ask is not counted.</summary>
    [Range(1, 1_000_000)]
    public int RequestsPerSecond { get; set; } = 500;

    /// <summary>The same of an address that shows neither session nor token.</summary>
    [Range(1, 1_000_000)]
    public int StrangerRequestsPerSecond { get; set; } = 100;

    /// <summary>Attempts a minute of one address to come in by password, code or link, right ones included; the failed have a lower bound of their own.</summary>
    [Range(1, 100_000)]
    public int SignInsPerMinute { get; set; } = 120;

    /// <summary>MQTT client id; the broker keeps this session's messages while the fleet is down.</summary>
    [Required]
    public string ClientId { get; set; } = "cvops-fleet";

    /// <summary>
    /// Connection string of the PostgreSQL database with the Orleans cluster's membership, grain states and reminders. Needed with the published packages,
    /// refused without them. Not for the command line, which others on the machine can read.
    /// </summary>
    public string? Cluster { get; set; }

    /// <summary>Address under which the cluster's other silos reach this one; null: the machine's first that is not the loopback. Reach it they must, and nobody else may.</summary>
    public string? SiloAddress { get; set; }

    /// <summary>The silo's port there.</summary>
    [Range(1, 65535)]
    public int SiloPort { get; set; } = 11111;

    /// <summary>A device that says nothing for this long, though the broker holds its connection, is overdue; a healthy one reports every few seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "7.00:00:00")]
    public TimeSpan OverdueAfter { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>A device that says nothing for this long counts as offline.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "30.00:00:00")]
    public TimeSpan OfflineAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Newest inspections kept; older ones make room.</summary>
    [Range(1_000, 1_000_000_000)]
    public long InspectionsKept { get; set; } = 5_000_000;

    /// <summary>Newest drift windows kept.</summary>
    [Range(1_000, 100_000_000)]
    public long DriftWindowsKept { get; set; } = 200_000;

    /// <summary>Newest zone reports kept.</summary>
    [Range(1_000, 100_000_000)]
    public long ZoneReportsKept { get; set; } = 200_000;

    /// <summary>Newest dead letters kept.</summary>
    [Range(10, 1_000_000)]
    public long DeadLettersKept { get; set; } = 10_000;

    /// <summary>Messages in one transaction at most.</summary>
    [Range(1, 10_000)]
    public int IngestBatch { get; set; } = 1_000;

    /// <summary>The model by whose embeddings frames are compared, NAME@VERSION or digest; null: the first registered one that has any. Another one makes all of them anew.</summary>
    public string? EmbeddingModel { get; set; }

    /// <summary>Share of labelled audit frames that becomes the golden set.</summary>
    [Range(0.0, 1.0)]
    public double GoldenShare { get; set; } = 0.2;

    /// <summary>How long a device may take to begin a download.</summary>
    public TimeSpan LinkLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How often the fleet looks what is worth an alert; news of rollouts, drift and training are looked at at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00.2", "00:05:00")]
    public TimeSpan AlertsEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Alerts of one group wait so long for each other before they are told.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan AlertsGather { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Networks beyond the open internet that webhooks may go to, comma between them: <c>10.1.0.0/16,127.0.0.1/32</c>; null: none.</summary>
    public string? AlertNetworks { get; set; }

    /// <summary>The server that takes alerts by e-mail; null: there is none.</summary>
    public SmtpOptions? Smtp { get; set; }

    public bool IsHttps => Http.StartsWith("https:", StringComparison.OrdinalIgnoreCase);

    /// <summary>A bucket that holds pictures, packages and snapshots for fleets that share no folder; null: the folder has them.</summary>
    public BucketOptions? Bucket { get; set; }

    /// <summary>The broker's addresses as devices see them.</summary>
    public string[] Brokers => (PublicBrokers ?? Broker).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>How a trainer is started; words as a shell would split them, without a shell.</summary>
internal sealed class TrainerOptions
{
    /// <summary>The program with its first arguments; the run's own follow. <c>{work}</c> is the run's folder, <c>{data}</c> the fleet's, <c>{run}</c> the run's id.</summary>
    [Required]
    public string Command { get; set; } = "";

    /// <summary>Run after a trainer that was stopped or cut off, for what outlives its process: <c>docker kill cvops-{run}</c>.</summary>
    public string? Stop { get; set; }
}

/// <summary>Tls: from the first byte (port 465). StartTls: asked for, and nothing is said without it (port 587). None: for a relay on this machine.</summary>
internal enum SmtpSecurity { StartTls, Tls, None }

/// <summary>Where letters are handed in: section <c>Fleet:Smtp</c>. The password belongs into the environment (<c>Fleet__Smtp__Password</c>) or a file.</summary>
internal sealed class SmtpOptions
{
    [Required]
    public string Host { get; set; } = "";

    [Range(1, 65535)]
    public int Port { get; set; } = 587;

    public SmtpSecurity Security { get; set; } = SmtpSecurity.StartTls;

    /// <summary>The sender's address.</summary>
    [Required]
    public string From { get; set; } = "";

    /// <summary>Null: the server asks nobody who they are.</summary>
    public string? User { get; set; }

    public string? Password { get; set; }

    /// <summary>PEM of an authority of one's own that signed the server's certificate; null: those that the machine trusts.</summary>
    public string? Ca { get; set; }
}

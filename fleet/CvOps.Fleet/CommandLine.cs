using Microsoft.Extensions.FileProviders;

namespace CvOps.Fleet;

/// <summary>Command line and settings files to options, with every mistake at once.</summary>
internal static class CommandLine
{
    public const string Help = """
        cvops-fleet: the fleet manager of CvOps (grains, MQTT ingest, HTTP API).

          --data DIR              folder of databases, models and pictures (cvops-data)
          --http URL              where the API listens, http or https (http://127.0.0.1:8080; port 0 takes a free one)
          --http-certificate FILE PEM of the certificate for https, with its chain; read again when it changes
          --http-key FILE         PEM of its key
          --public-url URL        the fleet's address as devices see it, for downloads (where it listens)
          --broker URL            mqtts://host:8883, or mqtt://host:1883 without TLS (mqtts://127.0.0.1:8883)
          --ca FILE               PEM of the authority of the broker's certificate
          --certificate FILE      PEM of the fleet's client certificate
          --key FILE              PEM of its key
          --authority DIR         the authority (ca.pem, ca.key) that enrols devices; without it none are
          --public-brokers URLS   the broker's addresses as devices see them, mqtts://..., told at enrolment (--broker)
          --revocation-list FILE  where revoked certificates are written for the broker (crl.pem beside the authority)
          --broker-log FILE       mosquitto's log: whom it turned away goes to the audit log
          --certificate-lifetime D  of devices, as days.hours:minutes:seconds (365.00:00:00)
          --signing-key FILE      PEM of the key that signs models trained here
          --trusted-keys DIR      public keys (*.pem) whose model packages may enter
          --trainer FILE          the trainer's program (the one that came with this program)
          --trainer NAME=COMMAND  a further trainer, a program or a container; TRAINERS.md says how it is called
          --training-runs N       training runs at once (1)
          --embedding-model M     compares frames by its embeddings, NAME@VERSION (the first registered that has any)
          --golden-share S        share of labelled audit frames that becomes the golden set, 0 to 1 (0.2)
          --alert-networks NETS   networks beyond the open internet that webhooks of alerts may go to, 10.1.0.0/16,...
          --client-id NAME        MQTT client id (cvops-fleet)
          --local-token FILE      a token for the programs of this machine, which may do everything in any name with it; made when
                                  missing, for its owner's eyes alone. cvops up uses one; a fleet for people needs none
          --secrets DIR           a file a setting, named as in the environment (Fleet__Cluster, Fleet__Smtp__Password): for secrets
          --drain-delay D         how long it answers on after SIGTERM, /readyz with 503, until a balancer has heard (00:00:00)
          --metrics-token FILE    a token for Prometheus, which opens /metrics and nothing else; made when missing, for owner and group
          --otlp-endpoint URL     an OpenTelemetry collector (OTLP over HTTP, http://host:4318) for metrics, traces and the log
          --allow-plain-network   listen beyond this machine without TLS: passwords and tokens can be read on the way
          --help

          export FILE [--data DIR]   all of a stopped fleet's databases into one file
          import FILE [--data DIR]   such a file into an empty database, SQLite or PostgreSQL
          backup, restore            of a data folder, also of a fleet that runs; backup --help
          health [--ready]           ask the fleet that listens here whether it lives, or is ready: 0 or 1, for containers

        The same settings come from section "Fleet" of appsettings.json in the working folder and from the environment
        (Fleet__Data=...); the command line wins. Fleet__Cluster is the connection string of the PostgreSQL database of an
        Orleans cluster and of the read models, for a program built with -p:PublishedPackages=true; Fleet__SiloAddress is
        where the other silos reach this one. Fleet__Smtp__Host, __Port, __Security (StartTls, Tls, None), __From, __User and
        __Password name the server for alerts by e-mail. Fleet__Oidc__Authority, __ClientId, __ClientSecret and __Roles__GROUP let
        people sign in at an OpenID provider (ACCESS.md). Fleet__Bucket__Name, __Endpoint, __Region, __Prefix, __AccessKey and
        __SecretKey name a bucket of S3 that holds pictures and packages beside the folder. Exit codes: 0 stopped, 1 failed, 78 a mistake in the settings.
        """;

    /// <summary>What an option sets.</summary>
    internal static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["--data"] = nameof(FleetOptions.Data), ["--http"] = nameof(FleetOptions.Http), ["--public-url"] = nameof(FleetOptions.PublicUrl),
        ["--broker"] = nameof(FleetOptions.Broker), ["--ca"] = nameof(FleetOptions.Ca), ["--certificate"] = nameof(FleetOptions.Certificate),
        ["--authority"] = nameof(FleetOptions.Authority), ["--public-brokers"] = nameof(FleetOptions.PublicBrokers), ["--revocation-list"] = nameof(FleetOptions.RevocationList),
        ["--broker-log"] = nameof(FleetOptions.BrokerLog), ["--certificate-lifetime"] = nameof(FleetOptions.CertificateLifetime),
        ["--key"] = nameof(FleetOptions.Key), ["--signing-key"] = nameof(FleetOptions.SigningKey), ["--trusted-keys"] = nameof(FleetOptions.TrustedKeys),
        ["--client-id"] = nameof(FleetOptions.ClientId), ["--embedding-model"] = nameof(FleetOptions.EmbeddingModel), ["--trainer"] = nameof(FleetOptions.Trainer), ["--training-runs"] = nameof(FleetOptions.TrainingRunsAtOnce),
        ["--alert-networks"] = nameof(FleetOptions.AlertNetworks), ["--golden-share"] = nameof(FleetOptions.GoldenShare),
        ["--local-token"] = nameof(FleetOptions.LocalToken), ["--http-certificate"] = nameof(FleetOptions.HttpCertificate), ["--http-key"] = nameof(FleetOptions.HttpKey),
        ["--secrets"] = nameof(FleetOptions.Secrets), ["--drain-delay"] = nameof(FleetOptions.DrainDelay),
        ["--metrics-token"] = nameof(FleetOptions.MetricsToken), ["--otlp-endpoint"] = nameof(FleetOptions.OtlpEndpoint),
    };

    /// <returns>The options, and every mistake as a sentence; none means that the fleet may start.</returns>
    public static (FleetOptions Options, IReadOnlyList<string> Mistakes) Read(string[] args, string workingFolder)
    {
        var (options, mistakes) = Bind(args, workingFolder);
        mistakes.AddRange(FleetOptionsValidation.Mistakes(options));
        return (options, mistakes);
    }

    /// <summary>For work on the databases alone: only what says where they are has to be right.</summary>
    public static (FleetOptions Options, IReadOnlyList<string> Mistakes) Data(string[] args, string workingFolder)
    {
        var (options, mistakes) = Bind(args, workingFolder);
        if (SiloWiring.Mistake(options) is { } cluster) mistakes.Add(cluster);
        return (options, mistakes);
    }

    /// <summary>For a question to a fleet that runs: nothing but what is written has to be right.</summary>
    public static (FleetOptions Options, IReadOnlyList<string> Mistakes) Some(string[] args, string workingFolder) => Bind(args, workingFolder);

    private static (FleetOptions Options, List<string> Mistakes) Bind(string[] args, string workingFolder)
    {
        var mistakes = new List<string>();
        var given = Parse(args, mistakes);
        var options = new FleetOptions();
        try
        {
            var configuration = Sources(null);
            if (configuration[$"{FleetOptions.Section}:{nameof(FleetOptions.Secrets)}"] is { Length: > 0 } secrets)
            {
                secrets = Path.GetFullPath(secrets, workingFolder);
                if (Directory.Exists(secrets)) configuration = Sources(secrets);
                else mistakes.Add($"--secrets {secrets}: there is no such folder.");
            }
            configuration.GetSection(FleetOptions.Section).Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (Exception e) when (e is InvalidOperationException or InvalidDataException or FormatException or UnauthorizedAccessException or IOException)
        {
            mistakes.Add(e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message);
        }
        return (options, mistakes);

        IConfigurationRoot Sources(string? secrets)
        {
            var sources = new ConfigurationBuilder().SetBasePath(workingFolder).AddJsonFile("appsettings.json", optional: true);
            if (secrets is not null)
                sources.AddKeyPerFile(files =>
                {
                    files.FileProvider = new PhysicalFileProvider(secrets);
                    // Other programs' secrets may lie beside them.
                    files.IgnoreCondition = name => !name.StartsWith($"{FleetOptions.Section}__", StringComparison.Ordinal);
                });
            return sources.AddEnvironmentVariables().AddInMemoryCollection(given).Build();
        }
    }

    private static Dictionary<string, string?> Parse(string[] args, List<string> mistakes)
    {
        var given = new Dictionary<string, string?>();
        for (var i = 0; i < args.Length; i++)
        {
            var (name, value) = args[i].Split('=', 2) is [var left, var right] ? (left, right) : (args[i], null);
            if (name == "--allow-plain-network") given[$"{FleetOptions.Section}:{nameof(FleetOptions.AllowPlainNetwork)}"] = value ?? "true";
            else if (!Settings.TryGetValue(name, out var setting)) mistakes.Add($"'{args[i]}' is no option of cvops-fleet; --help lists them.");
            else if ((value ??= i + 1 < args.Length ? args[++i] : null) is null) mistakes.Add($"{name} needs a value.");
            else if (name == "--trainer" && value!.Split('=', 2) is [var trainer, var command] && !trainer.Contains('/'))
                given[$"{FleetOptions.Section}:{nameof(FleetOptions.Trainers)}:{trainer}:{nameof(TrainerOptions.Command)}"] = command;
            else given[$"{FleetOptions.Section}:{setting}"] = value;
        }
        return given;
    }
}

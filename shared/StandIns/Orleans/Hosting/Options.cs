using Orleans.Storage;

namespace Orleans.Configuration
{
    public class ClusterOptions
    {
        public const string DefaultClusterId = "default";
        public const string DefaultServiceId = "default";

        public string ClusterId { get; set; } = DefaultClusterId;

        public string ServiceId { get; set; } = DefaultServiceId;
    }

    public abstract class MessagingOptions
    {
        /// <summary>How long a caller waits before it gets a <see cref="TimeoutException"/>. Checked four times a second.</summary>
        public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);
    }

    public class SiloMessagingOptions : MessagingOptions;

    public class GrainCollectionOptions
    {
        /// <summary>How often idle activations are looked for.</summary>
        public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);

        /// <summary>How long an activation may be idle before it is deactivated.</summary>
        public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);

        /// <summary>The same by full name of the grain class.</summary>
        public Dictionary<string, TimeSpan> ClassSpecificCollectionAge { get; set; } = [];

        public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);

        public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
    }

    public class AdoNetClusteringSiloOptions
    {
        public string? ConnectionString { get; set; }

        public string Invariant { get; set; } = null!;
    }

    public class AdoNetGrainStorageOptions
    {
        public string? ConnectionString { get; set; }

        /// <summary>"System.Data.SQLite": the only database of the stand-in.</summary>
        public string Invariant { get; set; } = "System.Data.SqlClient";

        /// <summary>Null takes the serializer registered in the services.</summary>
        public IGrainStorageSerializer GrainStorageSerializer { get; set; } = null!;

        /// <summary>Whether a cleared state leaves no row at all; otherwise its row stays, empty, with a new etag.</summary>
        public bool DeleteStateOnClear { get; set; }
    }

    public class AdoNetReminderTableOptions
    {
        public string Invariant { get; set; } = null!;

        public string? ConnectionString { get; set; }
    }

    public class MemoryGrainStorageOptions
    {
        public IGrainStorageSerializer GrainStorageSerializer { get; set; } = null!;
    }
}

namespace Orleans.Hosting
{
    public sealed class ReminderOptions
    {
        public TimeSpan MinimumReminderPeriod { get; set; } = TimeSpan.FromMinutes(1);
    }
}

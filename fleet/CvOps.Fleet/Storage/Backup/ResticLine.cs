using System.Text.Json.Serialization;

namespace CvOps.Fleet.Storage.Backup;

/// <summary>A line of restic's while it backs up: how far it is (<c>status</c>), or at the end what it took (<c>summary</c>).</summary>
internal sealed record ResticLine
{
    [JsonPropertyName("message_type")]
    public string MessageType { get; init; } = "";

    [JsonPropertyName("percent_done")]
    public double? PercentDone { get; init; }

    /// <summary>Bytes that no backup had before, as stored.</summary>
    [JsonPropertyName("data_added")]
    public long? DataAdded { get; init; }

    [JsonPropertyName("total_bytes_processed")]
    public long? TotalBytes { get; init; }

    [JsonPropertyName("total_files_processed")]
    public long? TotalFiles { get; init; }

    [JsonPropertyName("snapshot_id")]
    public string? SnapshotId { get; init; }
}

using System.Text.Json;
using CvOps.Contracts;

namespace CvOps.Fleet.Storage.Backup;

/// <summary>What the last backup was, in the data folder: a fleet says by it how old its newest backup is, and an alert tells of one that was not made. Written when a backup is whole.</summary>
/// <param name="At">The moment that it holds.</param>
/// <param name="Id">Its name in the repository; of a database's own tools whatever they call it.</param>
/// <param name="Bytes">Of all that it holds.</param>
internal sealed record BackupRecord(DateTimeOffset At, string Id, long Bytes)
{
    public const string Name = "last-backup.json";

    public void Write(string data) => DurableFile.Write(Path.Combine(data, Name), JsonSerializer.SerializeToUtf8Bytes(this, BackupJson.Default.BackupRecord));

    /// <returns>Null where none was made, or its record cannot be read.</returns>
    public static BackupRecord? Read(string data)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(data, Name)), BackupJson.Default.BackupRecord);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}

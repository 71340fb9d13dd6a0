using System.Text.Json;
using System.Text.Json.Serialization;
using CvOps.Contracts;

namespace CvOps.Fleet.Storage.Backup;

/// <summary>What lies beside a backup's databases: of when they are and which program can read them.</summary>
/// <param name="Format">Of the backup: <see cref="Files"/> or <see cref="Dump"/>.</param>
/// <param name="At">The moment of which the databases are.</param>
/// <param name="Schema">Steps of <see cref="Migrations"/> that the read models have; an older program cannot read them, a newer one can.</param>
internal sealed record BackupNote(int Format, DateTimeOffset At, int Schema)
{
    /// <summary>SQLite's two files, or what pg_dump made of a PostgreSQL database.</summary>
    public const int Files = 1, Dump = 2;

    /// <summary>The folder of a data folder in which a backup's databases lie, and the note's name in it.</summary>
    public const string Folder = "backup", Name = "backup.json";

    public void Write(string folder) => DurableFile.Write(Path.Combine(folder, Name), JsonSerializer.SerializeToUtf8Bytes(this, BackupJson.Default.BackupNote));

    /// <exception cref="InvalidDataException">There is no note, or one that this program does not know: it says what to do.</exception>
    public static BackupNote Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path)) throw new InvalidDataException($"What came out of the repository has no {Folder}/{Name}: it is no backup of a fleet.");
        BackupNote? note;
        try
        {
            note = JsonSerializer.Deserialize(File.ReadAllBytes(path), BackupJson.Default.BackupNote);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{Folder}/{Name} cannot be read: {e.Message}", e);
        }
        if (note is null || note.Format > Dump || note.Schema > Migrations.Newest)
            throw new InvalidDataException("A newer cvops-fleet made this backup: restore it with that version or a later one.");
        return note;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BackupNote))]
[JsonSerializable(typeof(BackupRecord))]
[JsonSerializable(typeof(ResticLine))]
[JsonSerializable(typeof(BackupSnapshot[]))]
internal sealed partial class BackupJson : JsonSerializerContext;

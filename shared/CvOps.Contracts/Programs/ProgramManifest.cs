namespace CvOps.Contracts.Programs;

/// <summary>What a <c>.cvagent</c> says of the program in it: the agent's folder, file by file.</summary>
public sealed record ProgramManifest
{
    /// <summary>The form a reader of today knows.</summary>
    public const int CurrentFormat = 1;

    public int Format { get; set; } = CurrentFormat;

    /// <summary>As its maker numbers it; see <see cref="ProgramRule.IsVersion"/>.</summary>
    public required string Version { get; init; }

    /// <summary>The machines it runs on, as .NET names them: <c>linux-x64</c>, <c>linux-arm64</c>.</summary>
    public required string Runtime { get; init; }

    /// <summary>The file that is started: a program, or a .dll that the machine's own .NET runs.</summary>
    public required string Entry { get; init; }

    /// <summary>Every file of the folder, by ordinal path.</summary>
    public required IReadOnlyList<ProgramFile> Files { get; init; }

    /// <summary>Bytes of all files.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public long Bytes => Files.Sum(file => file.Bytes);

    /// <summary>True for a program that has no .NET of its own.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool NeedsDotNet => Entry.EndsWith(".dll", StringComparison.Ordinal);
}

/// <param name="Path">Below the program's folder, with '/'; see <see cref="ProgramRule.IsPath"/>.</param>
/// <param name="Sha256">Lower-case hex.</param>
/// <param name="Executable">It may be started.</param>
public sealed record ProgramFile(string Path, long Bytes, string Sha256, bool Executable);

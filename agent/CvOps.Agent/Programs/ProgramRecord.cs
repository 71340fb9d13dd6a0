using System.Text.Json.Serialization;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Programs;

/// <summary>One of the two places beside the installed program. Stored by name.</summary>
internal enum ProgramSlot { A, B }

/// <summary>What lies in a slot.</summary>
/// <param name="Digest">Of the package it came from.</param>
/// <param name="ManifestSha256">Of the manifest beside the files, which lists each of them with its digest.</param>
internal sealed record SlotContent(string Version, string Digest, string ManifestSha256);

/// <summary>How things stood before a program went on trial: what it has to be as good as.</summary>
/// <param name="Cameras">Those that gave frames.</param>
internal sealed record ProgramBefore(IReadOnlyList<string> Cameras, bool Link, bool Model);

/// <summary>What the journal remembers of the agent's programs. Read by whichever program was installed on the device, which may be years older than the one that wrote it: fields are only added.</summary>
internal sealed record ProgramRecord
{
    /// <summary>Version of this record's form.</summary>
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;

    public ProgramState State { get; init; }

    /// <summary>The slot whose program is in charge; null: the installed one.</summary>
    public ProgramSlot? Charge { get; init; }

    /// <summary>Where <see cref="Charge"/> goes back to; null: the installed one.</summary>
    public ProgramSlot? Previous { get; init; }

    /// <summary>The slot whose program is on trial.</summary>
    public ProgramSlot? Trial { get; init; }

    /// <summary>Null while there is nothing whole in it.</summary>
    public SlotContent? A { get; init; }

    /// <inheritdoc cref="A"/>
    public SlotContent? B { get; init; }

    /// <summary>What the change is about: in progress, or the last one.</summary>
    public DesiredProgram? Target { get; init; }

    /// <summary>The fleet's last wish that was acted upon; the same again changes nothing.</summary>
    public string? WishedDigest { get; init; }

    /// <inheritdoc cref="WishedDigest"/>
    public int WishedAttempt { get; init; }

    /// <summary>Which program was installed when <see cref="Target"/> was wanted; see <see cref="ProgramLaunch.Installed"/>.</summary>
    public string? Over { get; init; }

    /// <summary>Starts of the program on trial.</summary>
    public int Starts { get; init; }

    /// <summary>It has said READY in one of them.</summary>
    public bool WasReady { get; init; }

    /// <summary>What it said of its own end, a sentence.</summary>
    public string? LastWords { get; init; }

    /// <summary>Starts of the program in charge that ended early.</summary>
    public int UnprovenStarts { get; init; }

    /// <summary>Times the change was gone on with after a death: what breaks an endless loop.</summary>
    public int Resumes { get; init; }

    public ProgramBefore? Before { get; init; }

    /// <summary>Why the last change failed, was taken back or overruled, in a sentence.</summary>
    public string? Reason { get; init; }

    /// <summary>When <see cref="State"/> was entered.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The slot that is free for the next program.</summary>
    [JsonIgnore]
    public ProgramSlot Free => Charge == ProgramSlot.A ? ProgramSlot.B : ProgramSlot.A;

    public SlotContent? In(ProgramSlot? slot) => slot switch { ProgramSlot.A => A, ProgramSlot.B => B, _ => null };

    public ProgramRecord With(ProgramSlot slot, SlotContent? content) => slot == ProgramSlot.A ? this with { A = content } : this with { B = content };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(ProgramRecord))]
[JsonSerializable(typeof(DesiredProgram))]
internal sealed partial class ProgramJson : JsonSerializerContext;

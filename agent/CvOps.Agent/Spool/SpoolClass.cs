using CvOps.Contracts;

namespace CvOps.Agent.Spool;

/// <summary>
/// Messages that share a log, a cursor, a budget and a time to live; the more valuable come first. The number is the stream of their origins and the
/// name the folder on disk: neither ever changes.
/// </summary>
internal enum SpoolClass
{
    /// <summary>What an agent without classes left: read, never written.</summary>
    Earlier = 0,

    /// <summary>How the device is.</summary>
    Control = 1,

    /// <summary>What it saw: inspections and zones.</summary>
    Results = 2,

    /// <summary>What its world is like: drift windows.</summary>
    Evidence = 3,

    /// <summary>Sampled pictures.</summary>
    Frames = 4,
}

/// <summary>Which class a topic belongs to.</summary>
internal static class SpoolClasses
{
    public static IReadOnlyList<SpoolClass> All { get; } = Enum.GetValues<SpoolClass>();

    /// <summary>On disk, in the configuration and in health messages.</summary>
    public static string Name(SpoolClass of) => of switch
    {
        SpoolClass.Earlier => "earlier", SpoolClass.Control => "control", SpoolClass.Results => "results", SpoolClass.Evidence => "evidence", SpoolClass.Frames => "frames",
        _ => throw new ArgumentOutOfRangeException(nameof(of), of, "No class of messages."),
    };

    /// <summary>A topic of another tree counts as a result: worth keeping.</summary>
    public static SpoolClass Of(TopicKind? kind) => kind switch
    {
        TopicKind.Drift => SpoolClass.Evidence,
        TopicKind.Frame => SpoolClass.Frames,
        TopicKind.Inspection or TopicKind.Zone or null => SpoolClass.Results,
        _ => SpoolClass.Control,
    };
}

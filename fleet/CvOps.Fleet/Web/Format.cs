using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.Fleet.Web;

/// <summary>Numbers, times and states as the pages show them.</summary>
internal static class Format
{
    // The third section is for what is rounded to nothing: it has no sign.
    public static string Number(double value) => double.IsFinite(value) ? value.ToString(Math.Abs(value) >= 100 ? "0" : "0.##;-0.##;0", CultureInfo.InvariantCulture) : "-";

    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>"1 device", "2,000 devices".</summary>
    public static string Count(long value, string what) => $"{Count(value)} {what}{(value == 1 ? "" : "s")}";

    public static string Percent(double share) => share.ToString("P1", CultureInfo.InvariantCulture);

    /// <summary>A small share, with as many digits as tell it from 0.</summary>
    public static string Share(double share) => double.IsFinite(share) ? (100 * share).ToString(share < 0.001 ? "0.####" : "0.##", CultureInfo.InvariantCulture) + " %" : "-";

    public static string Svg(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    public static string Bytes(long bytes) => bytes >= 1 << 20 ? $"{bytes / 1048576.0:0.0} MiB" : $"{bytes / 1024.0:0.0} KiB";

    /// <summary>How long ago, in the largest unit that fits.</summary>
    public static string Ago(DateTimeOffset at, DateTimeOffset now) => (now - at) switch
    {
        { TotalSeconds: < 10 } => "just now",
        { TotalMinutes: < 1 } gap => $"{gap.TotalSeconds:0} s ago",
        { TotalHours: < 1 } gap => $"{gap.TotalMinutes:0} min ago",
        { TotalDays: < 1 } gap => $"{gap.TotalHours:0} h ago",
        { TotalDays: < 1.5 } => "1 day ago",
        var gap => $"{gap.TotalDays:0} days ago",
    };

    /// <summary>A length of time in its two largest units.</summary>
    public static string For(TimeSpan time) => time switch
    {
        { TotalMinutes: < 1 } => $"{time.TotalSeconds:0} s",
        { TotalHours: < 1 } => $"{time.Minutes} min",
        { TotalDays: < 1 } => $"{time.Hours} h {time.Minutes} min",
        _ => $"{(int)time.TotalDays} d {time.Hours} h",
    };

    public static string Short(string digest) => digest.Length > 12 ? digest[..12] : digest;

    public static string Model(ModelRef? model) => model is null ? "none" : $"{model.Name} {model.Version}";

    /// <summary>A state's name in words: AwaitingApproval is "awaiting approval".</summary>
    public static string Words<T>(T state) where T : struct, Enum =>
        string.Concat(state.ToString().Select((letter, at) => char.IsUpper(letter) ? (at == 0 ? "" : " ") + char.ToLowerInvariant(letter) : letter.ToString()));

    public static string Tone(CameraState state) => state switch { CameraState.Live => "good", CameraState.Connecting => "calm", CameraState.Stale => "warn", _ => "bad" };

    public static string Tone(DriftState state) => state switch { DriftState.Stable => "good", DriftState.Learning => "calm", DriftState.Watch => "warn", _ => "bad" };

    public static string Tone(UpdateState state) => state switch
    {
        UpdateState.Idle or UpdateState.Committed => "good",
        UpdateState.Failed or UpdateState.RolledBack or UpdateState.RollingBack => "bad",
        _ => "calm",
    };

    public static string Tone(RolloutState state) => state switch
    {
        RolloutState.Completed => "good",
        RolloutState.Paused or RolloutState.AwaitingApproval => "warn",
        RolloutState.Stopping or RolloutState.RollingBack or RolloutState.RolledBack or RolloutState.Aborted => "bad",
        _ => "calm",
    };

    public static string Tone(RolloutDeviceState state) => state switch
    {
        RolloutDeviceState.Running => "good",
        RolloutDeviceState.Failed or RolloutDeviceState.RolledBack or RolloutDeviceState.RollingBack => "bad",
        _ => "calm",
    };

    public static string Tone(RunStatus status) => status switch
    {
        RunStatus.Finished => "good",
        RunStatus.Killed => "warn",
        RunStatus.Failed => "bad",
        _ => "calm",
    };

    public static string Tone(GateVerdict verdict) => verdict switch { GateVerdict.Passed => "good", GateVerdict.Refused => "bad", _ => "warn" };

    public static string Tone(TrainingState state) => state switch
    {
        TrainingState.Passed or TrainingState.Trained => "good",
        TrainingState.Inconclusive => "warn",
        TrainingState.Refused or TrainingState.Failed => "bad",
        _ => "calm",
    };
}

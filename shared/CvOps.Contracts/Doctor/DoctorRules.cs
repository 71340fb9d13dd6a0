using System.Globalization;

namespace CvOps.Contracts.Doctor;

/// <summary>What a disk, a clock and a certificate mean for whoever depends on them. Pure.</summary>
public static class DoctorRules
{
    /// <summary>With less left a certificate is told of.</summary>
    private static readonly TimeSpan EndsSoon = TimeSpan.FromDays(14);

    /// <summary>Times of evidence are compared across devices; more than this mixes up what came first.</summary>
    private static readonly TimeSpan ClockWarns = TimeSpan.FromSeconds(2);

    /// <summary>Certificates and tokens are judged by the clock; more than this ends in refusals.</summary>
    private static readonly TimeSpan ClockFails = TimeSpan.FromMinutes(5);

    /// <summary>Megabytes a second; below, a spool falls behind its cameras.</summary>
    private const double SlowWrites = 5;

    private const double Megabyte = 1e6;

    /// <param name="whose">Whose certificate, as a sentence goes on: <c>the broker's certificate</c>.</param>
    /// <param name="renew">The command that brings a new one.</param>
    public static DoctorFinding Certificate(string check, string whose, DateTimeOffset from, DateTimeOffset until, DateTimeOffset now, string renew)
    {
        if (now < from) return DoctorFinding.Fail(check, $"{whose} is good only from {from.UtcDateTime:u} on, and the clock here says {now.UtcDateTime:u}", "Set the clock of this machine: timedatectl set-ntp true.");
        if (now >= until) return DoctorFinding.Fail(check, $"{whose} has ended at {until.UtcDateTime:u}", renew);
        var left = until - now;
        // Of a short life the last tenth is soon.
        var soon = (until - from) / 10 is var tenth && tenth < EndsSoon ? tenth : EndsSoon;
        var said = string.Create(CultureInfo.InvariantCulture, $"{whose} is good until {until.UtcDateTime:u}, {Span(left)} from now");
        return left < soon ? DoctorFinding.Warn(check, said, renew) : DoctorFinding.Ok(check, said);
    }

    /// <param name="need">Bytes that have to be free.</param>
    /// <param name="comfort">Bytes below which people should know.</param>
    /// <param name="room">How room is made, a sentence.</param>
    public static DoctorFinding Disk(string check, DiskProbe disk, long need, long comfort, string room)
    {
        if (disk.Problem is { } problem) return DoctorFinding.Fail(check, $"{disk.Folder} can't be written: {problem}", disk.Mend ?? room);
        var said = string.Create(CultureInfo.InvariantCulture, $"{disk.Folder} has {disk.Free / Megabyte:N0} MB free of {disk.Total / Megabyte:N0} and takes {disk.BytesPerSecond / Megabyte:0.#} MB/s, flushed");
        if (disk.Free < need) return DoctorFinding.Fail(check, string.Create(CultureInfo.InvariantCulture, $"{said}; {need / Megabyte:N0} MB are needed"), room);
        if (disk.Free < comfort) return DoctorFinding.Warn(check, string.Create(CultureInfo.InvariantCulture, $"{said}; {comfort / Megabyte:N0} MB should be"), room);
        return disk.BytesPerSecond < SlowWrites * Megabyte
            ? DoctorFinding.Warn(check, said, "Put the folder on a faster disk, or see what else writes to this one: iostat -x 1.")
            : DoctorFinding.Ok(check, said);
    }

    /// <param name="synchronised">What the kernel says; null when it can't be asked.</param>
    public static DoctorFinding Clock(string check, bool? synchronised) => synchronised switch
    {
        true => DoctorFinding.Ok(check, "the kernel's clock is kept by NTP or PTP"),
        false => DoctorFinding.Warn(check, "nobody keeps this machine's clock: it goes wrong by seconds a day", "Turn time synchronisation on: timedatectl set-ntp true (or chrony, or ptp4l)."),
        null => DoctorFinding.Warn(check, "the kernel does not say whether the clock is kept", "Look with timedatectl whether the clock is synchronised."),
    };

    /// <param name="ahead">By how much the clock here is ahead of the other's.</param>
    /// <param name="uncertainty">Half of what may be wrong with that.</param>
    /// <param name="whose">Whose clock that is, such as <c>the fleet's</c>.</param>
    public static DoctorFinding Offset(string check, TimeSpan ahead, TimeSpan uncertainty, string whose)
    {
        var sure = ahead.Duration() - uncertainty;
        var said = sure <= TimeSpan.Zero
            ? string.Create(CultureInfo.InvariantCulture, $"this clock agrees with {whose}, give or take {uncertainty.TotalSeconds:0.0} s")
            : string.Create(CultureInfo.InvariantCulture, $"this clock is {ahead.Duration().TotalSeconds:0.0} s {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} {whose}, give or take {uncertainty.TotalSeconds:0.0} s");
        const string mend = "Set the clock that is wrong: timedatectl set-ntp true on both machines.";
        return sure > ClockFails ? DoctorFinding.Fail(check, said, mend) : sure > ClockWarns ? DoctorFinding.Warn(check, said, mend) : DoctorFinding.Ok(check, said);
    }

    private static string Span(TimeSpan span) => span.TotalDays >= 2 ? string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays:0} days") : string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:0.0} hours");
}

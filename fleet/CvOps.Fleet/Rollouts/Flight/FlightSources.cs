using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Rollouts.Flight;

/// <summary>Says of everything that could decide a rollout whether the replay knew it, and from what. Pure.</summary>
internal static class FlightSources
{
    public static IReadOnlyList<FlightSource> Of(RolloutPlan plan, FlightQuestion question, FlightHistory history, long payloadBytes)
    {
        var seen = history.Seen;
        var (known, asked) = (seen.Shadowed + seen.InCharge, question.BadRate is not null || question.RejectRate is not null);
        var challenger = asked ? "the challenger does as the champion did besides"
            : known == 0 ? "nothing is recorded of the challenger, which does as the champion did"
            : $"the challenger's own answer on {Number(known)} parts ({Number(seen.Shadowed)} in shadow, {Number(seen.InCharge)} in charge), the champion's on the others";
        var (step, timed) = (Words(history.Step), seen.Timed > 0);
        return
        [
            new("errors", true, $"each part's{(question.BadRate is { } bad ? $", and {Percent(bad)} more of the challenger's drawn by lot" : "")}; {challenger}"),
            new("rejects", seen.Rejects > 0, (seen.Rejects > 0 ? $"recorded of {Number(seen.Rejects)} of {Number(seen.Parts)} parts; the others count as passed" : "parts of before this fleet kept them count as passed")
                + (question.RejectRate is { } rate ? $"; {Percent(rate)} more of the challenger's drawn by lot" : "")),
            new("confidence", true, challenger),
            new("disagreement", !asked && known > 0, !asked && known > 0 ? "recorded answers of both models; where there is one only, they agree" : "the models agree on every frame"),
            new("latency", timed, timed ? $"recorded of {Number(seen.Timed)} of {Number(seen.Parts)} parts, against the limit of a rollout that began now; the challenger's own where it was in charge ({Number(seen.InCharge)} parts)"
                : "no part's time is recorded, or no device has reported what is slow"),
            new("drift", seen.Windows > 0, seen.Windows > 0 ? $"{Number(seen.Windows)} windows and {Number(seen.Alarms)} alarms, whichever model is in charge" : "no drift window is recorded of these devices"),
            new("crashes", true, $"{Number(seen.Restarts)} restarts in the newest 100 connections of each device, whichever model is in charge; a health report each {FlightRecorder.HealthEvery.TotalSeconds:0} s of work is assumed"),
            new("windows and shifts", true, "by the time of the records"),
            new("devices at once", true, plan.Limits.Devices is null && plan.Limits.PerSite is null ? $"no limit; a device that is told has it {step} later" : $"a device that is told has it {step} later, so that the limits let that many change in each step"),
            new("bandwidth", plan.Limits.BytesPerSecond is null || payloadBytes > 0, plan.Limits.BytesPerSecond is null ? "no limit" : payloadBytes > 0 ? $"{Number(payloadBytes)} bytes a device" : "the fleet does not know what a device would fetch"),
            new("failed updates", false, "no record says whether a device would take it"),
            new("judgements", false, "nobody judges frames, so models that disagree much come to a pause"),
            new("approvals", true, "given at once"),
            new("devices offline", false, "every device is online; one without parts in a step counts nothing in it"),
            new("late devices", false, "the devices are those that match now"),
        ];
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.##} %");

    private static string Words(TimeSpan step) => step < TimeSpan.FromHours(1) ? string.Create(CultureInfo.InvariantCulture, $"{step.TotalSeconds:0} s") : string.Create(CultureInfo.InvariantCulture, $"{step.TotalHours:0.#} h");
}

using System.CommandLine;
using System.Globalization;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Commands;

internal static class DriftSliceCommand
{
    public static Command Create(FleetCommand on)
    {
        var selector = new Argument<string>("selector") { Description = "Which devices, as site=ulm,line in (3,4),!retired." };
        var against = new Option<string>("--against") { Description = "reference, what the models were made for, or another selector.", DefaultValueFactory = _ => "reference" };
        var hours = new Option<double>("--hours") { Description = "Leave out devices whose newest frame is older.", DefaultValueFactory = _ => 24 };
        return on.On(new Command("slice", "How any slice of the fleet sees the world now: PSI, Jensen-Shannon, Kolmogorov-Smirnov and Wasserstein-1 of its devices' counts together.") { selector, against, hours },
            async (parsed, fleet, screen, ct) =>
            {
                var slice = await fleet.Get<DriftSlice>(string.Create(CultureInfo.InvariantCulture,
                    $"drift/slice?select={Uri.EscapeDataString(parsed.GetValue(selector)!)}&against={Uri.EscapeDataString(parsed.GetValue(against)!)}&hours={parsed.GetValue(hours)}"), ct);
                screen.One(slice, ("slice", $"{slice.Selector}: {slice.Devices} devices, {slice.Counted} of them counted"), ("against", slice.Against),
                    ("covariates", string.Join('\n', slice.Covariates.Select(it => string.Create(CultureInfo.InvariantCulture,
                        $"{it.Covariate,-18} psi {it.Psi:0.000}  js {it.JensenShannon:0.000}  ks {it.KolmogorovSmirnov:0.000}  w1 {it.Wasserstein1:0.000} bins  {it.Frames} frames of {it.Devices} devices under {it.Model[..Math.Min(12, it.Model.Length)]}")))),
                    ("notes", slice.Notes.Count == 0 ? null : string.Join('\n', slice.Notes)));
            });
    }
}

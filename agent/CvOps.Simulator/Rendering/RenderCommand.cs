using System.CommandLine;
using CvOps.Simulator.Drawing;

namespace CvOps.Simulator.Rendering;

/// <summary><c>cvops-simulator render</c>.</summary>
internal static class RenderCommand
{
    public static Command Create()
    {
        var count = new Option<int>("--count") { Description = "Pictures to write.", DefaultValueFactory = _ => 100 };
        var first = new Option<uint>("--first") { Description = "Serial of the first part.", DefaultValueFactory = _ => 1u };
        var line = new Option<string>("--line") { Description = "Line whose parts these are.", DefaultValueFactory = _ => "line-1" };
        var lamp = new Option<double>("--lamp") { Description = "Light of the lamp: 1 is new, 0.45 is old.", DefaultValueFactory = _ => 1.0 };
        var blur = new Option<double>("--blur") { Description = "Blur of the lens in pixels.", DefaultValueFactory = _ => 0.0 };
        var product = new Option<string>("--product") { Description = $"What the line makes: {string.Join(", ", Product.Names)}.", DefaultValueFactory = _ => Product.Default.Name };
        var folder = new Option<string>("--out") { Description = "Folder for the pictures and labels.csv.", Required = true };
        var video = new Option<bool>("--video") { Description = "Send the pictures through H.264 first, so that they look like frames of the stream." };
        var command = new Command("render", "Writes still pictures of parts with their truth: JPEG files and labels.csv (serial,class,file,lamp,blur,product,marks).")
        {
            count, first, line, lamp, blur, product, folder, video, SharedOptions.Seed, SharedOptions.Size, SharedOptions.Defects, SharedOptions.Ffmpeg,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var (width, height) = SharedOptions.ParseSize(parsed.GetRequiredValue(SharedOptions.Size));
            var condition = LineCondition.New.With(parsed.GetValue(lamp), parsed.GetValue(blur), parsed.GetValue(product));
            var pictures = parsed.GetValue(count);
            if (pictures is < 1 or > 10_000_000) throw new SimulatorException($"--count is {pictures}; it must be 1 to 10,000,000.");
            await RenderJob.RunAsync(
                new RenderOptions(
                    pictures, parsed.GetValue(SharedOptions.Seed), parsed.GetRequiredValue(line), parsed.GetValue(first), width, height, condition,
                    SharedOptions.CheckShare(parsed.GetValue(SharedOptions.Defects)), parsed.GetRequiredValue(folder), parsed.GetValue(video), parsed.GetRequiredValue(SharedOptions.Ffmpeg)),
                cancel);
            return 0;
        });
        return command;
    }
}

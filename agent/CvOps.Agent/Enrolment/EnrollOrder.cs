using CvOps.Agent.Configuration;
using CvOps.Contracts.Identity;

namespace CvOps.Agent.Enrolment;

/// <summary>The command line of <c>cvops-agent enroll</c>.</summary>
internal sealed record EnrollOrder(Uri Fleet, EnrolmentToken Token, string Config, string? Device, bool Again)
{
    /// <exception cref="ConfigurationException">With every mistake.</exception>
    public static EnrollOrder Parse(IReadOnlyList<string> arguments)
    {
        var given = new Dictionary<string, string>();
        var again = false;
        var mistakes = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "--again": again = true; break;
                case "--fleet" or "--token" or "--token-file" or "--config" or "--device" when i + 1 < arguments.Count: given[arguments[i]] = arguments[++i]; break;
                case "--fleet" or "--token" or "--token-file" or "--config" or "--device": mistakes.Add($"{arguments[i]} needs a value."); break;
                case var other: mistakes.Add($"'{other}' is not understood; see cvops-agent enroll --help."); break;
            }
        }
        var fleet = Fleets(given.GetValueOrDefault("--fleet"), mistakes);
        var token = Tokens(given, mistakes);
        if (fleet is null || token is null || mistakes.Count > 0) throw new ConfigurationException([.. mistakes.Select(mistake => new Mistake(0, "", mistake))]);
        return new EnrollOrder(fleet, token, given.GetValueOrDefault("--config", CommandLine.DefaultPath), given.GetValueOrDefault("--device"), again);
    }

    private static Uri? Fleets(string? text, List<string> mistakes)
    {
        if (text is not null && Uri.TryCreate(text, UriKind.Absolute, out var fleet) && fleet.Scheme is "http" or "https") return fleet;
        mistakes.Add(text is null ? "--fleet is missing: the fleet manager's address, such as http://fleet.example:8080." : $"--fleet '{text}' is no http or https address.");
        return null;
    }

    private static EnrolmentToken? Tokens(Dictionary<string, string> given, List<string> mistakes)
    {
        try
        {
            var text = given.TryGetValue("--token-file", out var file) ? file == "-" ? Console.In.ReadLine() ?? "" : File.ReadAllText(file) : given.GetValueOrDefault("--token");
            if (text is not null) return EnrolmentToken.Parse(text);
            mistakes.Add("--token is missing: ask for one with 'cvops device token create', or name its file with --token-file.");
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            mistakes.Add(e.Message);
        }
        return null;
    }
}

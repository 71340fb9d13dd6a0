using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Plans.Yaml;
using FsCheck;
using FsCheck.Fluent;

namespace CvOps.Fleet.Tests.Plans;

public sealed class PlanReaderTests
{
    private const string Least = "name: a\nmodel: line@2\ntarget: everything\nrings: [{name: all, percent: 100}]\n";

    private static string Mistakes(string yaml) => string.Join('\n', PlanReader.Yaml(yaml).Mistakes);

    [Fact]
    public void The_example_is_a_sound_plan()
    {
        var reading = PlanReader.Yaml(PlanExample.Text);
        Assert.Empty(reading.Mistakes);
        var plan = reading.Plan!;
        Assert.Equal((86_400, 0.02, 10_000_000L, 300.0), (plan.Soak.TimeoutSeconds, plan.Guardrails.NonInferiorityMargin, plan.Limits.BytesPerSecond, plan.Windows[2].IdleSeconds));
        Assert.Equal((2.0, true, 7200.0, "line=3"), (plan.Rings[0].Percent, plan.Rings[1].Approval, plan.Rings[1].Soak!.Seconds, plan.Rings[1].Select));
        Assert.Equal((OfflineChoice.Skip, LateDevices.Join, new DateTimeOffset(2026, 12, 1, 20, 0, 0, TimeSpan.FromHours(1))), (plan.Offline.Then, plan.Late, plan.StartsAt));
        Assert.Equal(["mo", "tu", "we", "th", "fr"], plan.Windows[0].Days!);
        Assert.Equal("orin", plan.Target["hardware"]);
    }

    /// <summary>What the contract gains, the example must show.</summary>
    [Fact]
    public void The_example_has_every_key_of_the_contract()
    {
        foreach (var part in (Type[])[typeof(RolloutPlan), typeof(ShadowStage), typeof(RolloutRing), typeof(Soak), typeof(Guardrails), typeof(MetricGuard), typeof(RolloutWindow), typeof(RolloutLimits), typeof(OfflineRule)])
            foreach (var key in PlanShape.KeysOf(part).Where(key => key.Name != "everything"))
                Assert.True(PlanExample.Text.Contains($"{key.Name}:", StringComparison.Ordinal) || PlanExample.Text.Contains($"{key.Other}:", StringComparison.Ordinal), $"{part.Name} has {key.Name}, the example has not");
    }

    [Fact]
    public void What_is_left_out_is_the_contracts_default()
    {
        var plan = PlanReader.Yaml(Least).Plan!;
        var same = new RolloutPlan { Name = "a", Model = "line@2", Everything = true, Rings = [new RolloutRing("all", Percent: 100)] };
        Assert.Equal(JsonSerializer.Serialize(same, ContractsJson.Default.RolloutPlan), JsonSerializer.Serialize(plan, ContractsJson.Default.RolloutPlan));
    }

    [Fact]
    public void A_plan_that_was_read_and_written_as_JSON_reads_the_same()
    {
        var json = JsonSerializer.Serialize(PlanReader.Yaml(PlanExample.Text).Plan!, ContractsJson.Default.RolloutPlan);
        var again = PlanReader.Json(json);
        Assert.Empty(again.Mistakes);
        Assert.Equal(json, JsonSerializer.Serialize(again.Plan!, ContractsJson.Default.RolloutPlan));
    }

    [Fact]
    public void All_mistakes_come_at_once_in_the_order_of_the_text()
    {
        const string yaml = """
            name: a
            model: line@2
            select: site=ulm,,line=3
            ring:
              - name: all
            rings:
              - name: canary
                cuont: 3
              - count: 2.5
                select: x
            soak: {time: 1 fortnight, parts: many}
            guardrails:
              false-stop-rsk: 0.01
              error-rate: 70 %
            windows:
              - from: 22:00
                to: 5 o'clock
            offline: {then: skp}
            priority:
            first-installation: yes
            """;
        Assert.Equal(
            """
            (3,1) select: A label was expected, not ',' (character 10 of 'site=ulm,,line=3').
            (4,1) There is no key 'ring'; did you mean 'rings'?
            (8,5) rings[0]: There is no key 'cuont' in rings[0]; did you mean 'count'?
            (9,5) rings[1].name: 'name' is missing.
            (9,12) rings[1].count: '2.5' is no whole number that can be counted to.
            (11,14) soak.seconds: '1 fortnight' is no duration: write 90s, 15min, 1h 30m, 2d, or seconds.
            (11,34) soak.parts: 'many' is no number.
            (13,3) guardrails: There is no key 'false-stop-rsk' in guardrails; did you mean 'false-stop-risk'?
            (14,3) guardrails.error-rate: It is 0.7; between 0 and 0.5, both excluded.
            (16,5) windows[0]: '5 o'clock' is no time of day: write HH:mm, such as 05:00.
            (18,17) offline.then: 'skp' is none of pause, skip.
            (19,10) priority: A value is missing; leave the key out where nothing is meant.
            (20,21) first-installation: 'yes' is neither true nor false.
            """, Mistakes(yaml));
    }

    [Theory]
    [InlineData("", "The plan is empty")]
    [InlineData("# nothing", "The plan is empty")]
    [InlineData("just words", "(1,1) A plan is a list of keys")]
    [InlineData("name: a\nname: b", "(2,1) 'name' is written twice")]
    [InlineData("name: [a", "This is no YAML")]
    [InlineData("name: a\n--- \nname: b", "a second one begins here")]
    [InlineData("name: &a x\nmodel: *a", "(2,8) References to other parts are not taken")]
    [InlineData("rings: [[[[[[[[[[1]]]]]]]]]]", "deep")]
    [InlineData("? [a]\n: b", "A key is a word")]
    [InlineData("name: a", "'rings' is missing")]
    [InlineData(Least + "soak: {time: 1h, seconds: 3600}", "are the same: say one of them")]
    [InlineData(Least + "windows: 22:00", "A list was expected")]
    [InlineData(Least + "limits: 5", "Here stand keys: devices, per-site, bandwidth.")]
    [InlineData("name: a\nmodel: x\nselect: ''\nrings: [{name: b, count: 1}]", "A value is missing")]
    [InlineData("name: a\nmodel: x\ntarget: evrything\nrings: [{name: b, count: 1}]", "labels and their values")]
    [InlineData("name: a\nmodel: x\ntarget: {line: [3, 4]}\nrings: [{name: b, count: 1}]", "write a selector")]
    [InlineData("name: a\nmodel: x\nrings: [{name: b, count: 1}]", "say 'target: everything'")]
    public void A_text_that_is_no_plan_is_explained(string yaml, string says) => Assert.Contains(says, Mistakes(yaml), StringComparison.Ordinal);

    /// <summary>Programs make typos, too: the serializer alone would leave the unknown member out and the brake with its default.</summary>
    [Fact]
    public void A_threshold_with_a_typo_is_refused_in_JSON_too() => Assert.Contains("did you mean 'false-stop-risk'?",
        string.Join(' ', PlanReader.Json("""{"name":"a","model":"x","everything":true,"rings":[{"name":"b","count":1}],"guardrails":{"falseStopRsk":0.2}}""").Mistakes), StringComparison.Ordinal);

    [Theory]
    [InlineData("90", 90.0)]
    [InlineData("90s", 90.0)]
    [InlineData("15 min", 900.0)]
    [InlineData("1h 30m", 5400.0)]
    [InlineData("1.5h", 5400.0)]
    [InlineData("2d", 172_800.0)]
    [InlineData("1w", 604_800.0)]
    [InlineData("250ms", 0.25)]
    [InlineData("h", null)]
    [InlineData("1 h and a half", null)]
    [InlineData("-1h", null)]
    [InlineData("1hour", null)]
    [InlineData("1h,30m", null)]
    [InlineData("NaN", null)]
    public void A_duration_is_read_as_people_write_it(string text, double? seconds) => Assert.Equal(seconds, Quantity.Duration(text));

    [Theory]
    [InlineData("1000", 1000.0)]
    [InlineData("10 MB/s", 1e7)]
    [InlineData("1.5GiB", 1.5 * 1024 * 1024 * 1024)]
    [InlineData("10 Mbit/s", null)]
    [InlineData("x10 MB/s", null)]
    public void A_rate_too(string text, double? bytes) => Assert.Equal(bytes, Quantity.Rate(text));

    [Fact]
    public void Any_text_is_a_plan_or_has_mistakes() => Prop.ForAll<string?>(text =>
    {
        var reading = PlanReader.Yaml(text ?? "");
        return reading.Plan is not null || reading.Mistakes.Count > 0;
    }).QuickCheckThrowOnFailure();

    /// <summary>Every beginning of a plan, and every plan with a character changed, is answered and not thrown at.</summary>
    [Fact]
    public void A_plan_damaged_anywhere_is_answered()
    {
        var (text, chance) = (PlanExample.Text, new System.Random(5));
        for (var cut = 0; cut < text.Length; cut += 7) PlanReader.Yaml(text[..cut]);
        for (var round = 0; round < 500; round++)
        {
            var damaged = new StringBuilder(text);
            for (var k = 0; k < 3; k++) damaged[chance.Next(text.Length)] = "\n:-[]{}\"'&*%\t #0aä"[chance.Next(18)];
            PlanReader.Yaml(damaged.ToString());
        }
    }
}

using CvOps.Plans.Selectors;
using FsCheck;
using FsCheck.Fluent;

namespace CvOps.Fleet.Tests.Plans;

public sealed class LabelSelectorTests
{
    private static readonly DeviceLabels Third = new("u-3", "ulm", new Dictionary<string, string> { ["line"] = "3", ["hardware"] = "orin", ["hall"] = "east wing" }, ["pilot", "night"]);

    [Theory]
    [InlineData("site=ulm", true)]
    [InlineData("site==ulm", true)]
    [InlineData("site = bonn", false)]
    [InlineData("device!=u-3", false)]
    [InlineData("line in (3,4)", true)]
    [InlineData("line in(4, 5)", false)]
    [InlineData("line notin (4)", true)]
    [InlineData("retired notin (yes)", true)]
    [InlineData("retired!=yes", true)]
    [InlineData("line", true)]
    [InlineData("!retired", true)]
    [InlineData("! line", false)]
    [InlineData(" site=ulm , line in ( 3 , 4 ) , !retired,hardware!=nano ", true)]
    [InlineData("site=ulm,hardware!=orin", false)]
    [InlineData("hall=\"east wing\"", true)]
    [InlineData("group=pilot", true)]
    [InlineData("group=pilot,group=night", true)]
    [InlineData("group notin (pilot)", false)]
    [InlineData("group=day", false)]
    [InlineData("in in (in)", false)]
    public void A_selector_matches_as_kubernetes_would(string text, bool matches) => Assert.Equal(matches, LabelSelector.Parse(text).Matches(Third));

    [Theory]
    [InlineData("", 1, "selects nothing")]
    [InlineData("   ", 1, "selects nothing")]
    [InlineData("site=ulm,", 10, "A label was expected, not the end")]
    [InlineData("site=ulm,,line=3", 10, "A label was expected, not ','")]
    [InlineData("site=", 6, "A value was expected, not the end")]
    [InlineData("site=,line=3", 6, "'!label' selects devices without")]
    [InlineData("line in 3,4", 9, "'(' was expected")]
    [InlineData("line in (3,4", 13, "A comma or ')'")]
    [InlineData("line in ()", 10, "A value was expected, not ')'")]
    [InlineData("line inn (3)", 6, "one of = == != in notin")]
    [InlineData("line>3", 5, "one of = == != in notin")]
    [InlineData("site!ulm", 6, "'=' was expected after '!'")]
    [InlineData("site=ulm line=3", 10, "A comma or the end")]
    [InlineData("hall=\"east", 6, "quotes that begin here")]
    [InlineData("ho/me=3", 1, "'ho/me' is no label")]
    [InlineData("ümlaut=3", 1, "A label was expected, not 'ü'")]
    public void A_mistake_points_to_its_character(string text, int at, string says)
    {
        Assert.False(LabelSelector.TryParse(text, out _, out var mistake));
        Assert.Equal(at, mistake.At);
        Assert.Contains(says, mistake.Problem, StringComparison.Ordinal);
        Assert.EndsWith(new string(' ', at - 1) + "^ " + mistake.Problem, mistake.Pointed(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_selector_is_written_as_it_is_read()
    {
        const string text = "a in (1,2),b=3,c notin (4,5),d!=6,e,!f,g=\"seven \\\"of\\\" \\\\nine\"";
        Assert.Equal(text, LabelSelector.Parse(text).ToString());
    }

    /// <summary>Values come in any order and twice: what is meant is the same, and so is what is written.</summary>
    [Fact]
    public void The_order_of_values_means_nothing() =>
        Assert.Equal("line in (3,4)", LabelSelector.Parse("line in (4,3,4)").ToString());

    [Fact]
    public void Any_text_is_a_selector_or_a_mistake_inside_it() => Prop.ForAll<string?>(text =>
    {
        if (LabelSelector.TryParse(text, out var selector, out var mistake)) return LabelSelector.Parse(selector.ToString()).ToString() == selector.ToString();
        return mistake.At >= 1 && mistake.At <= (text?.Length ?? 0) + 1;
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("sitte=ulm", "No device has a label 'sitte'; did you mean 'site'?")]
    [InlineData("!hardwear", "did you mean 'hardware'?")]
    [InlineData("!retired", "'!retired' leaves nobody out: drop it.")]
    [InlineData("camera=x", "there are device, group, hall, hardware, line, site.")]
    [InlineData("hardware!=orion", "No device has hardware=orion; did you mean 'orin'?")]
    [InlineData("group=pilots", "No group is called 'pilots'; did you mean 'pilot'?")]
    [InlineData("device in (u-3,u-9)", "No device is called 'u-9'")]
    public void What_no_device_has_is_named_with_what_was_meant(string text, string says) =>
        Assert.Contains(says, Assert.Single(new KnownLabels([Third], ["pilot", "night", "empty"]).Unknown(LabelSelector.Parse(text))), StringComparison.Ordinal);

    [Fact]
    public void A_group_without_devices_is_known() => Assert.Empty(new KnownLabels([Third], ["empty"]).Unknown(LabelSelector.Parse("group!=empty,line=3")));
}

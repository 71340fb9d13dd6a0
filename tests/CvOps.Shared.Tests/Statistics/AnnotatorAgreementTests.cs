using CvOps.Statistics;

namespace CvOps.Shared.Tests.Statistics;

public sealed class AnnotatorAgreementTests
{
    [Fact]
    public void Alpha_is_that_of_Krippendorffs_own_example()
    {
        // Krippendorff 2011, four observers, twelve units, nominal: 0.743.
        string[] observers = ["123321412...", "1233224125.3", ".3332342251.", "1233244125 1".Replace(" ", "", StringComparison.Ordinal) + "."];
        var units = Enumerable.Range(0, 12).Select(unit => (IReadOnlyList<string>)[.. observers.Select(said => said[unit].ToString()).Where(value => value != ".")]);
        Assert.Equal(0.743, AnnotatorAgreement.Alpha(units)!.Value, 3);
    }

    [Fact]
    public void Alpha_is_one_where_all_agree_on_different_things_and_nothing_where_nobody_could_differ()
    {
        Assert.Equal(1, AnnotatorAgreement.Alpha([["a", "a"], ["b", "b", "b"]])!.Value, 12);
        Assert.Null(AnnotatorAgreement.Alpha([["a", "a"], ["a", "a"]]));
        Assert.Null(AnnotatorAgreement.Alpha([["a"], []]));
        Assert.True(AnnotatorAgreement.Alpha([["a", "b"], ["b", "a"]]) < 0);
    }

    [Fact]
    public void Kappa_is_that_of_the_table_of_two_who_agree_on_60_of_100()
    {
        (string, string)[] pairs = [.. Enumerable.Repeat(("y", "y"), 45), .. Enumerable.Repeat(("y", "n"), 15), .. Enumerable.Repeat(("n", "y"), 25), .. Enumerable.Repeat(("n", "n"), 15)];
        Assert.Equal(0.1304, AnnotatorAgreement.Kappa(pairs)!.Value, 4);
        Assert.Null(AnnotatorAgreement.Kappa([]));
        Assert.Null(AnnotatorAgreement.Kappa([("y", "y")]));
    }
}

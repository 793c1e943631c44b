"""Who ultimately owns a company (実質的支配者): the graph of holdings, the rule, and its picture. No Django here."""
